//! `#[expect(..)]` on the function, met only inside it

use super::measured;
use crate::support::{block_on, pause};

#[measured]
#[expect(unused_variables, reason = "to see that it still is")]
fn sync(number: u8, unused: u8) -> u8 {
    number
}

#[expect(
    clippy::let_and_return,
    unused_mut,
    reason = "to see that they still are"
)]
#[measured]
fn returned(number: u8) -> u8 {
    let mut doubled = number * 2;
    doubled
}

#[measured]
#[expect(
    unused_variables,
    clippy::let_and_return,
    reason = "to see that they still are"
)]
async fn later(number: u8, unused: u8) -> u8 {
    pause().await;
    let doubled = number * 2;
    doubled
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "returned ok", "later ok"];

pub(crate) fn run() -> String {
    format!("{} {} {}", sync(1, 0), returned(2), block_on(later(3, 0)))
}
