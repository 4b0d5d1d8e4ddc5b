//! bodies of one expression in one line

use super::measured;
use crate::support::{Loud, block_on, notes};
use std::future::ready;

#[rustfmt::skip]
#[measured]
async fn later() -> u8 { ready(1).await }

#[rustfmt::skip]
#[measured]
fn both(first: Loud, second: Loud) -> (Loud, Loud) { (second, first) }

#[rustfmt::skip]
#[measured]
fn whole(values: &Vec<u8>) -> &[u8] { values }

pub(crate) const RECORDS: &[&str] = &["later ok", "both ok", "whole ok"];

pub(crate) fn run() -> String {
    let later = block_on(later());
    drop(both(Loud("a"), Loud("b")));
    format!("{later} {:?} {}", whole(&vec![1]), notes())
}
