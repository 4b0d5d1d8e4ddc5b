//! `Result<impl Trait, E>` and `Result<T, impl Trait>`

use super::measured;
use std::error::Error;
use std::fmt::Display;
use std::num::ParseIntError;

#[measured]
fn parse(text: &str) -> Result<impl Display, ParseIntError> {
    let number: u8 = text.parse()?;
    Ok(number)
}

#[measured]
fn parse_opaque(text: &str) -> Result<u8, impl Error + use<>> {
    text.parse::<u8>()
}

pub(crate) const RECORDS: &[&str] = &[
    "parse ok",
    "parse error(ParseIntError)",
    "parse_opaque ok",
    "parse_opaque error(ParseIntError)",
];

pub(crate) fn run() -> String {
    let shown = ["1", "x"].map(|text| parse(text).map(|shown| shown.to_string()));
    format!("{shown:?} {:?}", ["1", "x"].map(parse_opaque))
}
