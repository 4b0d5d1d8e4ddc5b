//! `#[track_caller]` with `-> !`

use super::measured;
use std::panic::{Location, catch_unwind, resume_unwind};

#[measured]
#[track_caller]
fn fail() -> ! {
    resume_unwind(Box::new(Location::caller().line()))
}

pub(crate) const RECORDS: &[&str] = &["fail panic"];

pub(crate) fn run() -> String {
    let here = line!();
    let failed = catch_unwind(|| {
        fail();
    });
    let line = failed.err().and_then(|line| line.downcast_ref().copied());
    format!("{:?}", line.map(|line: u32| line.abs_diff(here)))
}
