//! `impl Trait` arguments, sync and async

use super::measured;
use crate::support::{block_on, pause};
use std::fmt::Display;

#[measured]
fn joined(parts: impl IntoIterator<Item = impl Display>, mut each: impl FnMut(&str)) -> String {
    let mut joined = String::new();
    for part in parts {
        let part = part.to_string();
        each(&part);
        joined.push_str(&part);
    }
    joined
}

#[measured]
async fn awaited(text: impl Into<String>, make: impl AsyncFn(String) -> usize) -> usize {
    pause().await;
    make(text.into()).await
}

pub(crate) const RECORDS: &[&str] = &["joined ok", "awaited ok"];

pub(crate) fn run() -> String {
    let mut seen = 0;
    let joined = joined([1, 2], |part| seen += part.len());
    let awaited = block_on(awaited("text", async |text: String| text.len()));
    format!("{joined} {seen} {awaited}")
}
