//! uninhabited outputs: `Infallible`, alone and in a `Result`

use super::measured;
use crate::support::{block_on, pause};
use std::convert::Infallible;
use std::panic::{catch_unwind, resume_unwind};

#[measured]
fn never_ok(text: &str) -> Result<Infallible, String> {
    Err(text.to_owned())
}

#[measured]
fn never_err(text: &str) -> Result<usize, Infallible> {
    text.chars().map(|letter| Ok(letter.len_utf8())).sum()
}

#[measured]
fn neither() -> Infallible {
    resume_unwind(Box::new("no"))
}

#[measured]
async fn later(text: &str) -> Result<Infallible, std::num::ParseIntError> {
    loop {
        pause().await;
        text.parse::<u8>()?;
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "never_ok error(String)",
    "never_err ok",
    "neither panic",
    "later error(ParseIntError)",
];

pub(crate) fn run() -> String {
    let (err, ok) = (never_ok("a"), never_err("bc"));
    let neither = catch_unwind(neither).is_err();
    format!("{err:?} {ok:?} {neither} {:?}", block_on(later("x")))
}
