//! `#[track_caller]`, also through a function pointer

use super::measured;
use std::panic::Location;

#[measured]
#[track_caller]
fn line() -> u32 {
    Location::caller().line()
}

#[track_caller]
#[measured]
fn column() -> (u32, u32) {
    let here = Location::caller();
    (here.line(), here.column())
}

#[measured]
#[track_caller]
fn through() -> u32 {
    line()
}

pub(crate) const RECORDS: &[&str] = &["line ok", "column ok", "line ok", "through ok", "line ok"];

pub(crate) fn run() -> String {
    let (here, line_there) = (line!(), line());
    let (second, column) = (line!(), column());
    let (third, through) = (line!(), through());
    let pointer: fn() -> u32 = line;
    let is_elsewhere = pointer() < here;
    format!(
        "{} {} {} {} {is_elsewhere}",
        line_there.abs_diff(here),
        column.0.abs_diff(second),
        column.1,
        through.abs_diff(third),
    )
}
