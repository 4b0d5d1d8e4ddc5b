//! The bare code, the limit, and our attributes.

use std::cell::Cell;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use benches::{Contender, batch, contender};
use quanta::Clock;
use starpunk_metrics::{business, monitored_query, track_business};

thread_local! {
    static STORED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

#[inline(never)]
pub(crate) fn bare(value: u64) -> u64 {
    black_box(value)
}

/// The limit: two reads of the cheapest clock, and a store where the thread finds it again.
#[inline(never)]
pub(crate) fn limit(clock: &Clock, value: u64) -> u64 {
    let start = clock.raw();
    let value = black_box(value);
    STORED.set((start, clock.raw()));
    value
}

#[inline(never)]
#[track_business("plain")]
pub(crate) fn plain(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[track_business("with two fields", fields(value = value, double = value * 2))]
fn with_fields(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[track_business("sampled", sample = 0.01)]
fn sampled(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
async fn bare_async(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[track_business("async")]
async fn plain_async(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[monitored_query("query")]
fn query(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[monitored_query("failing")]
fn failing(value: u64) -> Result<u64, u64> {
    Err(black_box(value))
}

pub(crate) const BARE: &str = "bare";
pub(crate) const LIMIT: &str = "the limit: two TSC reads, one store";
pub(crate) const PLAIN: &str = "#[track_business]";

pub(crate) fn floor<'a>() -> Contender<'a> {
    contender(BARE, || {
        bare(1);
    })
}

pub(crate) fn the_limit(clock: &Clock) -> Contender<'_> {
    contender(LIMIT, || {
        limit(clock, 1);
    })
}

pub(crate) fn plain_one<'a>() -> Contender<'a> {
    contender(PLAIN, || {
        plain(1);
    })
}

/// All that need no pipeline of their own.
pub(crate) fn attributes<'a>() -> Vec<Contender<'a>> {
    vec![
        plain_one(),
        contender("#[track_business], two fields", || {
            with_fields(1);
        }),
        contender("#[track_business], 1% sampled", || {
            sampled(1);
        }),
        contender("#[track_business], async", || finish(plain_async(1))),
        contender("bare, async", || finish(bare_async(1))),
        contender("#[monitored_query]", || {
            query(1);
        }),
        contender("#[monitored_query], failing", || {
            let _ = failing(1);
        }),
        contender("business::track_note_deleted", || {
            business::track_note_deleted(1)
        }),
    ]
}

/// Where nothing is measured. By hand, as the difference to the bare call is less than a call of a closure.
pub(crate) fn disabled<'a>() -> Vec<Contender<'a>> {
    vec![
        batch(BARE, |times| {
            for value in 0..times {
                bare(u64::from(value));
            }
        }),
        batch(PLAIN, |times| {
            for value in 0..times {
                plain(u64::from(value));
            }
        }),
        batch("#[track_business], two fields", |times| {
            for value in 0..times {
                with_fields(u64::from(value));
            }
        }),
        batch("#[monitored_query]", |times| {
            for value in 0..times {
                query(u64::from(value));
            }
        }),
        batch("#[track_business], async", |times| {
            for value in 0..times {
                finish(plain_async(u64::from(value)));
            }
        }),
        batch("bare, async", |times| {
            for value in 0..times {
                finish(bare_async(u64::from(value)));
            }
        }),
    ]
}

/// These are never pending.
fn finish<T>(future: impl Future<Output = T>) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(_)));
}
