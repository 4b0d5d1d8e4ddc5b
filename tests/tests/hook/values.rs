//! The numbers of a record: whose time it was, what was counted, and how long it waited.

use std::thread;
use std::time::Duration;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, StatementStatus};
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{Metrics, Outcome};
use starpunk_metrics_tests::{config, pipeline};

use crate::support::{Database, fill, in_memory, newest, number, run};

/// Ten notes, and a function that takes a while.
fn with_naps() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    fill(&connection);
    connection
        .create_scalar_function("nap", 0, FunctionFlags::SQLITE_UTF8, |_| {
            thread::sleep(Duration::from_millis(3));
            Ok(1)
        })
        .unwrap();
    connection
}

/// Nothing took the caller longer than it took in all.
fn assert_callers_time(metrics: &Metrics) {
    for metric in metrics.metrics() {
        let caller = number(&metric, "caller_ms");
        assert!(caller <= metric.duration_ms() + 0.01, "{metric:?}");
    }
}

#[test]
fn the_callers_time_of_cursors_inside_each_other_is_not_more_than_all() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = with_naps();
    instrument(&mut connection).unwrap();
    let mut outer = connection.prepare("SELECT id FROM notes LIMIT 2").unwrap();
    let mut outer_rows = outer.query([]).unwrap();
    outer_rows.next().unwrap();
    let mut inner = connection.prepare("SELECT id FROM notes LIMIT 3").unwrap();
    let mut inner_rows = inner.query([]).unwrap();
    inner_rows.next().unwrap();
    run(&connection, "SELECT nap()").unwrap();
    drop(inner_rows);
    drop(outer_rows);
    assert_eq!(metrics.metrics().len(), 3);
    assert_callers_time(&metrics);
}

#[test]
fn the_callers_time_of_a_row_mapper_that_asks_again_is_not_more_than_all() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = MonitoredConnection::new(with_naps()).unwrap();
    connection
        .query_row("SELECT id FROM notes", [], |_| {
            connection.query_row("SELECT nap()", [], |_| Ok(()))
        })
        .unwrap();
    assert_eq!(metrics.metrics().len(), 2);
    assert_callers_time(&metrics);
}

#[test]
fn a_counter_that_the_application_has_reset_is_not_negative() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = in_memory();
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    for is_reset in [false, false, true] {
        if is_reset {
            statement.reset_status(StatementStatus::VmStep);
        }
        assert_eq!(statement.query_map([], |_| Ok(())).unwrap().count(), 10);
    }
    let steps = number(&newest(&metrics), "vm_steps");
    assert!((0.0..1_000.0).contains(&steps), "{steps}");
}

#[test]
fn instrumenting_twice_still_counts_waits() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let database = Database::new();
    let mut connection = database.watched(10);
    instrument(&mut connection).unwrap();
    let _unknown = database.locked();
    connection.execute("DELETE FROM notes", []).unwrap_err();
    drop(connection);
    let delete = newest(&metrics);
    assert_eq!(delete.outcome, Outcome::Error("busy"));
    assert!(number(&delete, "lock_wait_ms") >= 10.0, "{delete:?}");
}

#[test]
fn the_wait_of_an_outer_statement_is_not_the_inner_ones() {
    // Where the machine is so busy that the lock is given back before anybody asks for it, it is tried again.
    let has_waited = (0..20).any(|_| {
        let (outer, inner) = waits_of_outer_and_inner();
        assert_eq!(inner, 0.0);
        outer > 0.0
    });
    assert!(has_waited);
}

/// How long a statement waited for the lock of another thread, and how long one between two of its rows.
fn waits_of_outer_and_inner() -> (f64, f64) {
    let metrics = pipeline(config());
    let database = Database::with_journal("DELETE");
    let connection = database.watched(60_000);
    // So that the schema is known, and preparing waits for nobody.
    run(&connection, "SELECT count(*) FROM notes").unwrap();
    let holder = database.plain(0);
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let _entered = metrics.enter();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(10));
            holder.execute_batch("COMMIT").unwrap();
        });
        let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
        let mut rows = statement.query([]).unwrap();
        rows.next().unwrap();
        run(&connection, "SELECT body FROM notes WHERE id = 3").unwrap();
    });
    let all = metrics.metrics();
    assert_eq!(all.len(), 2, "{all:?}");
    (
        number(&all[1], "lock_wait_ms"),
        number(&all[0], "lock_wait_ms"),
    )
}
