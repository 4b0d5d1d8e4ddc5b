//! What an annotated function costs its caller.

use std::cell::Cell;
use std::hint::black_box;

use benches::{compare, contender};
use starpunk_metrics::{Config, Metrics, business, monitored_query, track_business};

thread_local! {
    static STORED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

#[inline(never)]
fn bare(value: u64) -> u64 {
    black_box(value)
}

/// The limit: two reads of the cheapest clock, and a store where the thread finds it again.
#[inline(never)]
fn limit(clock: &quanta::Clock, value: u64) -> u64 {
    let start = clock.raw();
    let value = black_box(value);
    STORED.set((start, clock.raw()));
    value
}

#[inline(never)]
#[track_business("business")]
fn business(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[monitored_query("query")]
fn query(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[track_business("with two fields", fields(value = value, double = value * 2))]
fn with_fields(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[monitored_query("failing")]
fn failing(value: u64) -> Result<u64, u64> {
    Err(black_box(value))
}

fn main() {
    let clock = quanta::Clock::new();
    let limit = || {
        limit(&clock, 1);
    };
    // A call that nothing measures first: with no pipeline started, and then again beside one.
    compare(
        "function, metrics off",
        100_000,
        vec![
            contender("bare", || {
                bare(1);
            }),
            contender("#[track_business]", || {
                business(1);
            }),
            contender("#[monitored_query]", || {
                query(1);
            }),
        ],
        || {},
    );

    let metrics = Metrics::start(Config::default().test_mode(true)).expect("nothing was started");
    compare(
        "function, metrics on",
        10_000,
        vec![
            contender("the limit: two clock reads and a store", limit),
            contender("#[track_business]", || {
                business(1);
            }),
            contender("#[monitored_query]", || {
                query(1);
            }),
            contender("#[track_business], two fields", || {
                with_fields(1);
            }),
            contender("#[monitored_query], failing", || {
                let _ = failing(1);
            }),
            contender("business::track_note_deleted", || {
                business::track_note_deleted(1)
            }),
        ],
        || {
            metrics.flush();
        },
    );
    println!("\n{}", metrics.shutdown(std::time::Duration::from_secs(5)));
}
