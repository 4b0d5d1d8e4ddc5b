//! `mut` arguments that the body assigns to and moves

use super::measured;
use crate::support::{block_on, pause};

#[measured]
fn count_down(mut number: u8, mut names: Vec<String>) -> Vec<String> {
    while number > 0 {
        names.push(number.to_string());
        number -= 1;
    }
    names
}

#[measured]
fn rebound<'a>(mut rest: &'a [u8], mut best: &'a u8) -> &'a u8 {
    while let [first, others @ ..] = rest {
        if first > best {
            best = first;
        }
        rest = others;
    }
    best
}

#[measured]
async fn later(mut number: u8, mut names: Vec<String>) -> Vec<String> {
    while number > 0 {
        names.push(number.to_string());
        pause().await;
        number -= 1;
    }
    names
}

pub(crate) const RECORDS: &[&str] = &["count_down ok", "rebound ok", "later ok"];

pub(crate) fn run() -> String {
    let names = count_down(2, vec!["a".to_owned()]);
    let best = *rebound(&[3, 1, 7, 2], &4);
    format!("{best} {:?}", block_on(later(1, names)))
}
