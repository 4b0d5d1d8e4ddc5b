//! `#[track_caller]`, and a panic that names the caller

use super::measured;
use std::any::Any;
use std::panic::{Location, catch_unwind, resume_unwind};

#[measured]
#[track_caller]
fn check(number: u32) -> u32 {
    if number > 1 {
        resume_unwind(Box::new(Location::caller().line()));
    }
    number
}

fn line_of<T>(end: Result<T, Box<dyn Any + Send>>) -> Option<u32> {
    end.err()?.downcast_ref().copied()
}

pub(crate) const RECORDS: &[&str] = &["check ok", "check panic"];

pub(crate) fn run() -> String {
    let number = check(1);
    let here = line!();
    let checked = line_of(catch_unwind(|| check(2)));
    format!("{number} {:?}", checked.map(|line| line.abs_diff(here)))
}
