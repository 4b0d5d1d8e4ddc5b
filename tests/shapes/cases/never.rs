//! `-> !`

use super::measured;
use std::panic::{catch_unwind, resume_unwind};

#[measured]
fn fail(code: u8) -> ! {
    if code == 0 {
        resume_unwind(Box::new("zero"));
    }
    resume_unwind(Box::new("other"))
}

#[measured]
fn number(code: u8) -> u8 {
    if code > 1 { code } else { fail(code) }
}

pub(crate) const RECORDS: &[&str] = &[
    "fail panic",
    "number panic",
    "fail panic",
    "number panic",
    "number ok",
];

pub(crate) fn run() -> String {
    let ends = [0, 1, 2].map(|code| {
        let end = catch_unwind(|| number(code));
        end.map_err(|panic| panic.downcast_ref::<&str>().copied())
    });
    format!("{ends:?}")
}
