//! `#[track_caller]` on functions that return a future by hand

use super::measured;
use crate::support::{block_on, pause};
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;

#[measured]
#[track_caller]
fn made(is_early: bool) -> impl Future<Output = Result<u32, u8>> {
    let line = Location::caller().line();
    async move {
        pause().await;
        if is_early { Err(1) } else { Ok(line) }
    }
}

#[measured]
#[track_caller]
fn boxed(is_early: bool) -> Pin<Box<dyn Future<Output = Result<u32, u8>> + Send>> {
    let line = Location::caller().line();
    if is_early {
        return Box::pin(std::future::ready(Err(1)));
    }
    Box::pin(async move {
        pause().await;
        Ok(line)
    })
}

pub(crate) const RECORDS: &[&str] = &["made ok", "made error(u8)", "boxed ok", "boxed error(u8)"];

pub(crate) fn run() -> String {
    let here = line!();
    let ends = [
        block_on(made(false)),
        block_on(made(true)),
        block_on(boxed(false)),
        block_on(boxed(true)),
    ];
    format!("{:?}", ends.map(|end| end.map(|line| line - here)))
}
