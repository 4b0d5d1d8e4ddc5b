//! `-> ()` written out, with an early return

use super::measured;
use crate::support::{block_on, pause};

#[measured]
#[allow(clippy::unused_unit, reason = "the shape is the unit type written out")]
fn push(list: &mut Vec<u8>, number: u8) -> () {
    if number == 0 {
        return;
    }
    list.push(number);
}

#[measured]
#[allow(clippy::unused_unit, reason = "the shape is the unit type written out")]
async fn push_later(list: &mut Vec<u8>, number: u8) -> () {
    if number == 0 {
        return;
    }
    pause().await;
    list.push(number);
}

pub(crate) const RECORDS: &[&str] = &["push ok", "push ok", "push_later ok", "push_later ok"];

pub(crate) fn run() -> String {
    let mut list = vec![];
    push(&mut list, 0);
    push(&mut list, 2);
    block_on(push_later(&mut list, 0));
    block_on(push_later(&mut list, 4));
    format!("{list:?}")
}
