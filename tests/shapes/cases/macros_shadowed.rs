//! local macros named `format`, `vec`, `concat`, `stringify`

use super::measured;
use crate::support::{block_on, pause};

macro_rules! format {
    ($number:expr) => {
        $number + 1
    };
}
macro_rules! vec {
    ($number:expr) => {
        $number + 2
    };
}
macro_rules! concat {
    ($number:expr) => {
        $number + 3
    };
}
macro_rules! stringify {
    ($number:expr) => {
        $number + 4
    };
}
macro_rules! module_path {
    ($number:expr) => {
        $number + 5
    };
}

#[measured]
fn sync(number: u8) -> u8 {
    format!(number) + vec![number] + concat!(number) + stringify!(number)
}

#[measured]
async fn later(number: u8) -> u8 {
    pause().await;
    module_path!(number)
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "later ok"];

pub(crate) fn run() -> String {
    std::format!("{} {}", sync(1), block_on(later(2)))
}
