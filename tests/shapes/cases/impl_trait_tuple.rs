//! a tuple of `impl Trait`s

use super::measured;
use std::fmt::{Debug, Display};

#[measured]
fn halves(text: &str) -> (impl Display + '_, impl Iterator<Item = impl Debug>) {
    let (left, right) = text.split_at(text.len() / 2);
    (
        left,
        right.chars().map(u32::from).collect::<Vec<_>>().into_iter(),
    )
}

pub(crate) const RECORDS: &[&str] = &["halves ok"];

pub(crate) fn run() -> String {
    let (left, right) = halves("abcd");
    format!("{left} {:?}", right.collect::<Vec<_>>())
}
