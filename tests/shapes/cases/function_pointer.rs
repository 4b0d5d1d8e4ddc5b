//! used as a value: `fn` pointer, method path, generic turbofish

use super::measured;
use crate::support::{block_on, pause};
use std::future::Future;

#[derive(Clone, Copy)]
struct Count(u8);

impl Count {
    #[measured]
    fn get(self) -> u8 {
        self.0
    }
}

#[measured]
fn double(number: u8) -> u8 {
    number * 2
}

#[measured]
fn parse<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

#[measured]
async fn later(number: u8) -> u8 {
    pause().await;
    number
}

async fn apply<F: Future<Output = u8>>(function: fn(u8) -> F, number: u8) -> u8 {
    function(number).await
}

pub(crate) const RECORDS: &[&str] = &[
    "double ok",
    "double ok",
    "Count::get ok",
    "parse ok",
    "parse ok",
    "later ok",
];

pub(crate) fn run() -> String {
    const DOUBLE: fn(u8) -> u8 = double;
    let doubled = [1, 2].map(DOUBLE);
    let got = [Count(3)].map(Count::get);
    let parsed = (parse::<u8>("4"), parse::<char>("cc"));
    format!(
        "{doubled:?} {got:?} {parsed:?} {}",
        block_on(apply(later, 5))
    )
}
