//! the output is a type parameter

use super::measured;
use crate::support::{block_on, pause};
use std::future::Future;

#[measured]
fn pass<T>(value: T) -> T {
    value
}

#[measured]
fn choose<T: Default, E>(value: Result<T, E>, is_default: bool) -> Result<T, E> {
    if is_default {
        return Ok(T::default());
    }
    value
}

#[measured]
async fn later<F: Future>(future: F) -> F::Output {
    pause().await;
    future.await
}

pub(crate) const RECORDS: &[&str] = &[
    "pass ok",
    "pass ok",
    "choose ok",
    "choose error(str)",
    "later ok",
];

pub(crate) fn run() -> String {
    let passed = (pass(1), pass("text"));
    let chosen = [true, false].map(|is_default| choose::<u8, &str>(Err("no"), is_default));
    format!("{passed:?} {chosen:?} {}", block_on(later(async { 2 })))
}
