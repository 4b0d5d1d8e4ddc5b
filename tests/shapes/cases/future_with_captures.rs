//! `-> impl Future + Captures<'_>`, as edition 2021 needs it

use super::measured;
use crate::support::{block_on, pause};
use std::future::Future;

trait Captures<'a> {}

impl<T> Captures<'_> for T {}

#[measured]
fn shortened<'a, 'b: 'a>(
    text: &'a str,
    other: &'b str,
) -> impl Future<Output = Result<usize, &'a str>> + Captures<'a> + Captures<'b> {
    let longer = if other.len() > text.len() {
        other
    } else {
        text
    };
    async move {
        pause().await;
        if longer.is_empty() {
            return Err(text);
        }
        Ok(longer.len())
    }
}

pub(crate) const RECORDS: &[&str] = &["shortened ok", "shortened error(str)"];

pub(crate) fn run() -> String {
    format!("{:?}", [block_on(shortened("a", "bc")), block_on(shortened("", ""))])
}
