//! aliases with `Fut` in their names: of boxed futures, and of other types

use super::measured;
use crate::support::{block_on, pause};
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;

type BoxFut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type LocalFuture<T> = Pin<Box<dyn Future<Output = Option<T>>>>;
type FutureNumber = Result<u8, String>;

struct Futures(u8);

#[measured]
fn sent<'a>(text: &'a str, other: &str) -> BoxFut<'a, Result<usize, String>> {
    if text.is_empty() {
        let error = other.to_owned();
        return Box::pin(async move { Err(error) });
    }
    Box::pin(async move {
        pause().await;
        Ok(text.len())
    })
}

#[measured]
fn local(number: u8) -> LocalFuture<u8> {
    let number = std::rc::Rc::new(number);
    Box::pin(async move { Some(*number) })
}

#[measured]
#[track_caller]
fn in_place(is_early: bool) -> BoxFut<'static, u32> {
    let line = Location::caller().line();
    if is_early {
        return Box::pin(std::future::ready(0));
    }
    Box::pin(async move { line })
}

#[measured]
fn number(is_error: bool) -> FutureNumber {
    if is_error {
        return Err("error".to_owned());
    }
    Ok(1)
}

#[measured]
fn futures(number: u8) -> Futures {
    Futures(number)
}

pub(crate) const RECORDS: &[&str] = &[
    "sent ok",
    "sent error(String)",
    "local ok",
    "in_place ok",
    "in_place ok",
    "number ok",
    "number error(String)",
    "futures ok",
];

pub(crate) fn run() -> String {
    let sent = [block_on(sent("a", "b")), block_on(sent("", "b"))];
    let local = block_on(local(2));
    let here = line!();
    let lines = [block_on(in_place(false)) - here, block_on(in_place(true))];
    let numbers = [number(false), number(true)];
    format!("{sent:?} {local:?} {lines:?} {numbers:?} {}", futures(3).0)
}
