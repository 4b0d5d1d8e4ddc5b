//! `impl Trait` beside a `Box<dyn ..>` made at each `return`

use super::measured;
use std::error::Error;
use std::fmt::Display;

#[measured]
fn parse(text: &str) -> Result<impl Display, Box<dyn Error>> {
    let number: u8 = text.parse()?;
    if number == 0 {
        return Err("zero".into());
    }
    Ok(number)
}

#[measured]
fn pair(number: u8) -> (impl Display, Box<dyn Display>) {
    if number == 0 {
        return (number, Box::new("none"));
    }
    (number, Box::new(number))
}

pub(crate) const RECORDS: &[&str] = &[
    "parse ok",
    "parse error(Box)",
    "parse error(Box)",
    "pair ok",
    "pair ok",
];

pub(crate) fn run() -> String {
    let parsed = ["1", "0", "x"].map(|text| match parse(text) {
        Ok(shown) => shown.to_string(),
        Err(error) => error.to_string(),
    });
    let pairs = [0, 1].map(|number| {
        let (left, right) = pair(number);
        format!("{left}{right}")
    });
    format!("{parsed:?} {pairs:?}")
}
