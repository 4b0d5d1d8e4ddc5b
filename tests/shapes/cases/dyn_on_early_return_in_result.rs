//! a `dyn Trait` in a `Result`, another type at each `return`

use super::measured;
use std::error::Error;
use std::fmt::Display;

#[measured]
fn parse(text: &str) -> Result<Box<dyn Display>, Box<dyn Error>> {
    if text.is_empty() {
        return Ok(Box::new("none"));
    }
    if text == "-" {
        return Err("no number".into());
    }
    Ok(Box::new(text.parse::<u8>()?))
}

pub(crate) const RECORDS: &[&str] = &[
    "parse ok",
    "parse error(Box)",
    "parse error(Box)",
    "parse ok",
];

pub(crate) fn run() -> String {
    let results = ["", "-", "x", "1"].map(|text| match parse(text) {
        Ok(shown) => shown.to_string(),
        Err(error) => error.to_string(),
    });
    format!("{results:?}")
}
