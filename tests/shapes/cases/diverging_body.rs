//! a body that never reaches its end

use super::measured;
use crate::support::{block_on, pause};
use std::panic::{catch_unwind, resume_unwind};

#[measured]
fn next_even(mut number: u8) -> u8 {
    loop {
        if number.is_multiple_of(2) {
            return number;
        }
        number += 1;
    }
}

#[measured]
fn refuse() {
    resume_unwind(Box::new("no"))
}

#[measured]
fn refuse_number() -> u8 {
    resume_unwind(Box::new("no"))
}

#[measured]
async fn later(mut number: u8) -> u8 {
    loop {
        pause().await;
        if number.is_multiple_of(2) {
            return number;
        }
        number += 1;
    }
}

#[measured]
async fn refuse_later() {
    pause().await;
    resume_unwind(Box::new("no"))
}

pub(crate) const RECORDS: &[&str] = &[
    "next_even ok",
    "refuse panic",
    "refuse_number panic",
    "later ok",
    "refuse_later panic",
];

pub(crate) fn run() -> String {
    let number = next_even(3);
    let refused = catch_unwind(refuse).is_err();
    let refused_number = catch_unwind(refuse_number).is_err();
    let later = block_on(later(5));
    let refused_later = catch_unwind(|| block_on(refuse_later())).is_err();
    format!("{number} {refused} {refused_number} {later} {refused_later}")
}
