//! `-> impl Future` by hand, with work before the `async` block

use super::measured;
use crate::support::{assert_send, block_on, note, notes, pause};
use std::future::{Future, poll_fn};
use std::num::ParseIntError;
use std::task::Poll;

#[measured]
#[allow(
    clippy::manual_async_fn,
    reason = "the shape is the one written by hand"
)]
fn parse(text: &str) -> impl Future<Output = Result<u8, ParseIntError>> + Send + '_ {
    async move {
        let number: u8 = text.parse()?;
        pause().await;
        Ok(number)
    }
}

#[measured]
fn prepared(text: &str) -> impl Future<Output = usize> + use<'_> {
    note("called");
    let length = text.len();
    async move {
        note("polled");
        pause().await;
        length
    }
}

#[measured]
fn counted(mut rest: u8) -> impl Future<Output = &'static str> {
    poll_fn(move |_| {
        rest -= 1;
        if rest > 0 {
            return Poll::Pending;
        }
        Poll::Ready("done")
    })
}

pub(crate) const RECORDS: &[&str] = &[
    "parse ok",
    "parse error(ParseIntError)",
    "prepared ok",
    "counted ok",
];

pub(crate) fn run() -> String {
    let parsed = ["1", "x"].map(|text| block_on(assert_send(parse(text))));
    let future = prepared("text");
    note("made");
    format!(
        "{parsed:?} {} {} {}",
        block_on(future),
        block_on(counted(3)),
        notes()
    )
}
