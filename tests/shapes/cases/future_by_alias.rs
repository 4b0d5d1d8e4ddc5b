//! an alias of one's own named `BoxFuture`, with a `Result` inside

use super::measured;
use crate::support::block_on;
use std::future::Future;
use std::pin::Pin;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

#[measured]
fn shown(number: &u8) -> BoxFuture<'_, u8> {
    Box::pin(async move { Ok(*number) })
}

#[measured]
fn early(number: &u8) -> BoxFuture<'_, u8> {
    if *number == 0 {
        return Box::pin(async { Err("none".to_owned()) });
    }
    shown(number)
}

pub(crate) const RECORDS: &[&str] = &["shown ok", "early error(String)", "shown ok", "early ok"];

pub(crate) fn run() -> String {
    format!("{:?}", [block_on(shown(&1)), block_on(early(&0)), block_on(early(&2))])
}
