//! `#[track_caller]` on a body that never reaches its end

use super::measured;
use std::panic::{Location, catch_unwind, resume_unwind};

#[measured]
#[track_caller]
fn unfinished(number: u8) -> u8 {
    resume_unwind(Box::new((number, Location::caller().line())))
}

#[measured]
#[track_caller]
#[allow(clippy::needless_return, reason = "the last statement is a return")]
fn returned(number: u32) -> u32 {
    return number + Location::caller().line() - line!();
}

pub(crate) const RECORDS: &[&str] = &["unfinished panic", "returned ok"];

pub(crate) fn run() -> String {
    let failed = catch_unwind(|| unfinished(1)).is_err();
    format!("{failed} {}", returned(1) > 1)
}
