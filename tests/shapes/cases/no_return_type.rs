//! no return type, with an early return

use super::measured;
use crate::support::{block_on, pause};

#[measured]
fn push(list: &mut Vec<u8>, number: u8) {
    if number == 0 {
        return;
    }
    list.push(number);
}

#[measured]
fn nothing() {}

#[measured]
async fn push_later(list: &mut Vec<u8>, number: u8) {
    if number == 0 {
        return;
    }
    pause().await;
    list.push(number);
}

pub(crate) const RECORDS: &[&str] = &[
    "push ok",
    "push ok",
    "nothing ok",
    "push_later ok",
    "push_later ok",
];

pub(crate) fn run() -> String {
    let mut list = vec![];
    push(&mut list, 0);
    push(&mut list, 1);
    nothing();
    block_on(push_later(&mut list, 0));
    block_on(push_later(&mut list, 3));
    format!("{list:?}")
}
