//! `#[track_caller]` with `?` on `Result` and on `Option`

use super::measured;
use std::num::ParseIntError;
use std::panic::Location;

#[measured]
#[track_caller]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    let number: u32 = text.parse()?;
    Ok(Location::caller().line() + number)
}

#[measured]
#[track_caller]
fn converted(text: &str) -> Result<u32, Box<dyn std::error::Error>> {
    let number: u32 = text.parse()?;
    if number > 9 {
        return Err("large".into());
    }
    Ok(Location::caller().line() + number)
}

#[measured]
#[track_caller]
fn first(numbers: &[u32]) -> Option<u32> {
    let number = numbers.first()?;
    Some(Location::caller().line() + number)
}

pub(crate) const RECORDS: &[&str] = &[
    "parse ok",
    "parse error(ParseIntError)",
    "converted ok",
    "converted error(Box)",
    "converted error(Box)",
    "first ok",
    "first ok",
];

pub(crate) fn run() -> String {
    let (here, ok) = (line!(), parse("1"));
    let ok = ok.map(|line| line.abs_diff(here));
    let error = parse("x");
    let (here, converted_ok) = (line!(), converted("2"));
    let converted_ok = converted_ok.map_or(0, |line| line.abs_diff(here));
    let refused = ["x", "10"].map(|text| converted(text).map_err(|error| error.to_string()));
    let (here, some) = (line!(), first(&[3]));
    let some = some.map(|line| line.abs_diff(here));
    format!(
        "{ok:?} {error:?} {converted_ok} {refused:?} {some:?} {:?}",
        first(&[])
    )
}
