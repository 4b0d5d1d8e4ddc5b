//! `#[inline]`, `#[must_use]`, `#[cfg]`, docs below ours

use super::measured;
use crate::support::{block_on, pause};

#[measured]
/// Doubles.
#[inline]
#[must_use = "it is what it was called for"]
#[cfg(not(any()))]
#[cfg_attr(not(any()), doc = "It doubles.")]
fn double(number: u8) -> u8 {
    number * 2
}

#[measured]
#[cfg(any())]
fn double(number: NoSuchType) -> u8 {
    number
}

#[measured]
/** Triples. */
#[cold]
#[deprecated = "double"]
#[allow(clippy::let_and_return, reason = "to see that it reaches the body")]
fn triple(number: u8) -> u8 {
    let tripled = number * 3;
    tripled
}

#[measured]
/// Halves.
#[must_use]
#[allow(clippy::let_and_return, reason = "to see that it reaches the body")]
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
