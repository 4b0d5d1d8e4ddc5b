//! an async function with `impl Trait` beside a `Box<dyn ..>`

use super::measured;
use crate::support::{block_on, pause};
use std::error::Error;
use std::fmt::Display;

#[measured]
async fn parse(text: &str) -> Result<impl Display + use<>, Box<dyn Error>> {
    let number: u8 = text.parse()?;
    pause().await;
    if number == 0 {
        return Err("zero".into());
    }
    Ok(number)
}

#[measured]
async fn pair(number: u8) -> (impl Display, Box<dyn Display>) {
    if number == 0 {
        return (number, Box::new("none"));
    }
    pause().await;
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
    let parsed = ["1", "0", "x"].map(|text| match block_on(parse(text)) {
        Ok(shown) => shown.to_string(),
        Err(error) => error.to_string(),
    });
    let pairs = [0, 1].map(|number| {
        let (left, right) = block_on(pair(number));
        format!("{left}{right}")
    });
    format!("{parsed:?} {pairs:?}")
}
