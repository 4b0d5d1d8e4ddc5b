//! `#[track_caller]` with `?` first in an expression of several

use super::measured;
use std::num::ParseIntError;
use std::panic::Location;

#[measured]
#[track_caller]
fn sums(text: &str, is_long: bool) -> Result<u32, ParseIntError> {
    let first = if is_long {
        text.parse::<u32>()? + 1
    } else {
        2
    };
    match first {
        7 => text.parse::<u8>()? as char == 'a' || is_long,
        _ => is_long,
    };
    let mut all = vec![text.parse::<u32>()?; 2];
    all.push(1);
    Ok(all[0] + first + Location::caller().line())
}

type Step = fn(u32) -> u32;

#[measured]
#[track_caller]
fn indexed(values: Option<&[Step]>) -> Option<u32> {
    values?.first()?(1);
    Some(values?[0](Location::caller().line()))
}

pub(crate) const RECORDS: &[&str] = &[
    "sums ok",
    "sums error(ParseIntError)",
    "indexed ok",
    "indexed ok",
];

pub(crate) fn run() -> String {
    let here = line!();
    let sums = [sums("6", true), sums("x", false)];
    let indexed = [indexed(Some(&[|line| line])), indexed(None)];
    let [sum, _] = sums.map(|sum| sum.map_or(0, |sum| sum.abs_diff(here)));
    let [line, _] = indexed.map(|line| line.map_or(0, |line| line.abs_diff(here)));
    format!("{sum} {line}")
}
