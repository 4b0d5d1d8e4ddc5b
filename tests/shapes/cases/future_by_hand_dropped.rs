//! a future made by hand that panics, or is dropped halfway

use super::measured;
use crate::support::{Loud, block_on, notes, pause, poll_once};
use std::future::Future;
use std::panic::{catch_unwind, resume_unwind};
use std::pin::Pin;

#[measured]
fn boxed(name: &'static str) -> Pin<Box<dyn Future<Output = ()>>> {
    let loud = Loud(name);
    Box::pin(async move {
        pause().await;
        drop(loud);
        resume_unwind(Box::new("boxed"))
    })
}

#[measured]
fn plain(name: &'static str) -> impl Future<Output = u8> {
    let loud = Loud(name);
    async move {
        pause().await;
        drop(loud);
        resume_unwind(Box::new("plain"))
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "boxed cancelled",
    "plain cancelled",
    "boxed panic",
    "plain panic",
];

pub(crate) fn run() -> String {
    let pending = (
        poll_once(boxed("a")).is_pending(),
        poll_once(plain("b")).is_pending(),
    );
    let boxed = catch_unwind(|| block_on(boxed("c"))).is_err();
    let plain = catch_unwind(|| block_on(plain("d"))).is_err();
    format!("{pending:?} {boxed} {plain} {}", notes())
}
