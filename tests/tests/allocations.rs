//! What the caller allocates for an event once its thread has a batch and there are spares: nothing.

#![allow(clippy::unwrap_used)]

use std::alloc::System;

use alloc_tracker::Allocator;
use rusqlite::Connection;
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{Metrics, OperationType, monitored_query, track_business};
use starpunk_metrics_tests::allocations::of_this_thread;
use starpunk_metrics_tests::{config, pipeline, ready};

#[global_allocator]
static ALLOCATOR: Allocator<System> = Allocator::system();

/// Events of a round, as many as the spare batches take.
const ROUND: u64 = 1_000;

const ROUNDS: u64 = 10;

/// What may be allocated for all of them: a batch, where the collector came for the last one at that very moment.
const A_HANDFUL: u64 = 5;

/// The caller's allocations in all rounds; those before them, that make what is used again, are not counted.
fn allocations(metrics: &Metrics, mut once: impl FnMut()) -> u64 {
    let mut round = || {
        let allocations = of_this_thread(|| (0..ROUND).for_each(|_| once()));
        assert!(metrics.flush());
        allocations
    };
    (0..ROUNDS).for_each(|_| {
        round();
    });
    (0..ROUNDS).map(|_| round()).sum()
}

/// Asserts that `once` is an operation named so, which allocates so many times each, at most.
fn assert_at_most(each: u64, operation: OperationType, name: &str, once: impl FnMut()) {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let allocations = allocations(&metrics, once);
    let counted = metrics.snapshot().count(operation, name);
    assert_eq!(counted, 2 * ROUNDS * ROUND, "it is measured");
    assert!(
        allocations <= each * ROUNDS * ROUND + A_HANDFUL,
        "{allocations} allocations"
    );
}

#[track_business("plain")]
fn plain(value: u64) -> u64 {
    value
}

#[track_business("in the future")]
async fn in_the_future(value: u64) -> u64 {
    value
}

#[monitored_query("query")]
fn query(value: u64) -> u64 {
    value
}

#[monitored_query("failing")]
fn failing(value: u64) -> Result<u64, u64> {
    Err(value)
}

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
             INSERT INTO notes VALUES (7, 'a note')",
        )
        .unwrap();
    connection
}

fn select(connection: &Connection) {
    let mut statement = connection
        .prepare_cached("SELECT id FROM notes WHERE id = ?1")
        .unwrap();
    let id: i64 = statement.query_row([7], |row| row.get(0)).unwrap();
    assert_eq!(id, 7);
}

/// Asserts that `connection`, made while `metrics` was entered, allocates for a statement what a plain one does.
fn assert_adds_nothing(metrics: &Metrics, connection: &Connection) {
    let plain = database();
    let bare = allocations(metrics, || select(&plain));
    assert_eq!(metrics.stats().total_count, 0, "nobody knows of it");
    let measured = allocations(metrics, || select(connection));
    assert_eq!(metrics.stats().total_count, 2 * ROUNDS * ROUND);
    assert!(measured <= bare + A_HANDFUL, "{measured}, and {bare} alone");
}

#[test]
fn what_is_allocated_is_counted() {
    let allocations = of_this_thread(|| drop(std::hint::black_box(Box::new(1))));
    assert_eq!(allocations, 1);
}

#[test]
fn a_call_allocates_nothing() {
    assert_at_most(0, OperationType::Render, "plain", || {
        plain(1);
    });
}

#[test]
fn a_call_of_an_async_function_allocates_nothing() {
    assert_at_most(0, OperationType::Render, "in the future", || {
        ready(in_the_future(1));
    });
}

#[test]
fn a_query_allocates_nothing() {
    assert_at_most(0, OperationType::Database, "query", || {
        query(1);
    });
}

#[test]
fn a_call_that_fails_allocates_once() {
    // The class of its error travels in a box.
    assert_at_most(1, OperationType::Database, "failing", || {
        let _ = failing(1);
    });
}

#[test]
fn a_statement_on_a_connection_with_a_hook_allocates_nothing_more() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = database();
    instrument(&mut connection).unwrap();
    assert_adds_nothing(&metrics, &connection);
}

#[test]
fn a_statement_on_a_monitored_connection_allocates_nothing_more() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = MonitoredConnection::new(database()).unwrap();
    assert_adds_nothing(&metrics, &connection);
}

#[test]
fn where_nothing_is_measured_a_call_allocates_nothing() {
    let metrics = pipeline(config().enabled(false));
    let _entered = metrics.enter();
    let allocations = allocations(&metrics, || {
        plain(1);
        query(1);
        ready(in_the_future(1));
    });
    assert_eq!(allocations, 0);
}

#[test]
fn where_nothing_is_measured_a_monitored_connection_allocates_nothing_more() {
    let metrics = pipeline(config().enabled(false));
    let _entered = metrics.enter();
    let plain = database();
    let connection = MonitoredConnection::new(database()).unwrap();
    let select = "SELECT id FROM notes WHERE id = 7";
    let update = "UPDATE notes SET body = 'another' WHERE id = 7";
    let bare = allocations(&metrics, || {
        plain.query_row(select, [], |_| Ok(())).unwrap();
        plain.execute(update, []).unwrap();
        plain.prepare(select).unwrap();
    });
    let measured = allocations(&metrics, || {
        connection.query_row(select, [], |_| Ok(())).unwrap();
        connection.execute(update, []).unwrap();
        connection.prepare(select).unwrap();
    });
    assert_eq!(measured, bare);
}
