//! inner attributes `#![allow(..)]` and inner docs in the body

use super::measured;
use crate::support::{block_on, pause};

#[measured]
fn sync(number: u8) -> u8 {
    //! Doubles.
    #![allow(clippy::let_and_return, reason = "to see that it reaches the body")]
    #![allow(unused_variables, reason = "to see that it reaches the body")]
    let unused = 1;
    let doubled = number * 2;
    doubled
}

#[measured]
async fn later(number: u8) -> Result<u8, String> {
    #![allow(clippy::let_and_return, reason = "to see that it reaches the body")]
    #![cfg_attr(not(any()), allow(unused_variables))]
    let unused = 1;
    if number == 0 {
        return Err("zero".to_owned());
    }
    pause().await;
    let doubled = Ok(number * 2);
    doubled
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "later ok", "later error(String)"];

pub(crate) fn run() -> String {
    format!(
        "{} {:?} {:?}",
        sync(1),
        block_on(later(2)),
        block_on(later(0))
    )
}
