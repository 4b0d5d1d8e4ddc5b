//! `#[inline]`, `#[must_use]`, `#[cfg]`, docs above ours

use super::measured;
use crate::support::{block_on, pause};

/// Doubles.
#[inline]
#[must_use = "it is what it was called for"]
#[cfg(not(any()))]
#[cfg_attr(not(any()), doc = "It doubles.")]
#[measured]
fn double(number: u8) -> u8 {
    number * 2
}

#[cfg(any())]
#[measured]
fn double(number: NoSuchType) -> u8 {
    number
}

/** Triples. */
#[cold]
#[deprecated = "double"]
#[allow(clippy::let_and_return, reason = "to see that it reaches the body")]
#[measured]
fn triple(number: u8) -> u8 {
    let tripled = number * 3;
    tripled
}

/// Halves.
#[must_use]
#[allow(clippy::let_and_return, reason = "to see that it reaches the body")]
#[measured]
async fn half(number: u8) -> u8 {
    pause().await;
    let half = number / 2;
    half
}

pub(crate) const RECORDS: &[&str] = &["triple ok", "double ok", "half ok"];

pub(crate) fn run() -> String {
    #[allow(deprecated, reason = "to see that it runs")]
    let tripled = triple(2);
    format!("{} {tripled} {}", double(1), block_on(half(6)))
}
