//! async, a `dyn Trait` of another type at each `return`

use super::measured;
use crate::support::{block_on, pause};
use std::fmt::Display;

#[measured]
async fn shown(number: u8) -> Box<dyn Display> {
    if number == 0 {
        return Box::new("none");
    }
    pause().await;
    Box::new(number)
}

#[measured]
async fn found(number: u8) -> Option<Box<dyn Display + Send>> {
    if number == 0 {
        return Some(Box::new("none"));
    }
    pause().await;
    (number > 1).then(|| -> Box<dyn Display + Send> { Box::new(number) })
}

pub(crate) const RECORDS: &[&str] = &["shown ok", "shown ok", "found ok", "found ok", "found ok"];

pub(crate) fn run() -> String {
    let shown = [0, 1].map(|number| block_on(shown(number)).to_string());
    let found = [0, 1, 2].map(|number| block_on(found(number)).map(|found| found.to_string()));
    format!("{shown:?} {found:?}")
}
