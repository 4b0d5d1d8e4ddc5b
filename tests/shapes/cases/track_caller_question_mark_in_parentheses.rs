//! `#[track_caller]` with `?` behind parentheses, and of a unit

use super::measured;
use std::num::ParseIntError;
use std::panic::Location;

fn check(number: u32) -> Result<(), ParseIntError> {
    if number == 0 {
        return "none".parse::<u8>().map(drop);
    }
    Ok(())
}

#[measured]
#[track_caller]
fn reached(text: &&str, is_none: bool) -> Result<u32, ParseIntError> {
    let number = (*text).parse::<u32>()?;
    let other = (if is_none { "none" } else { *text }).parse::<u32>()?;
    Ok(number + other + Location::caller().line())
}

#[measured]
#[track_caller]
#[allow(clippy::needless_question_mark, reason = "a unit behind `?` is the shape")]
fn checked(number: u32) -> Result<(), ParseIntError> {
    let line = Location::caller().line();
    if line > 0 {
        return Ok(check(number)?);
    }
    Ok(check(line)?)
}

pub(crate) const RECORDS: &[&str] = &[
    "reached ok",
    "reached error(ParseIntError)",
    "checked ok",
    "checked error(ParseIntError)",
];

pub(crate) fn run() -> String {
    let here = line!();
    let reached = [reached(&"2", false), reached(&"2", true)];
    let reached = reached.map(|sum| sum.map_or(0, |sum| sum - here));
    format!("{reached:?} {} {}", checked(1).is_ok(), checked(0).is_ok())
}
