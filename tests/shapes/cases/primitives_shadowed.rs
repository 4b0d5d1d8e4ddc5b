//! shadowed `str`, `bool`, `u64` and `usize`

use super::measured;
use crate::support::{block_on, pause};

#[allow(non_camel_case_types, reason = "they are named like the primitives")]
mod names {
    #[derive(Debug, PartialEq)]
    pub(super) struct str(pub(super) u8);
    #[derive(Debug)]
    pub(super) struct bool;
    pub(super) type u64 = i8;
    pub(super) type usize = i16;
}
use names::{bool, str, u64, usize};

#[measured]
fn sync(number: u64) -> (str, bool) {
    if number > 1 {
        return (str(1), bool);
    }
    (str(2), bool)
}

#[measured]
async fn later(number: usize) -> str {
    pause().await;
    if number < -1 {
        return str(3);
    }
    str(4)
}

pub(crate) const RECORDS: &[&std::primitive::str] = &["later ok", "later ok", "sync ok", "sync ok"];

pub(crate) fn run() -> String {
    let later = [-2, 3].map(|number| block_on(later(number)) == str(3));
    format!("{:?} {:?} {later:?}", sync(-1), sync(2))
}
