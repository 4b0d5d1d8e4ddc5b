//! Who does not have the lock: while a connection of which nobody knows has it, no other is told as its holder.

use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use starpunk_metrics::sqlite::instrument;
use starpunk_metrics::{Metrics, Outcome};
use starpunk_metrics_tests::{config, pipeline};

use crate::support::{Database, run, text};

/// Runs `before` on a connection with a hook, and tells whom another waits for once somebody unknown has the lock.
fn holder_after(before: impl FnOnce(&mut Connection)) -> Option<String> {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let database = Database::new();
    let mut connection = database.watched(100);
    before(&mut connection);
    holder_while_locked(&database, &metrics)
}

/// Whom a statement waits for while a connection of which nobody knows has the lock.
fn holder_while_locked(database: &Database, metrics: &Metrics) -> Option<String> {
    let _unknown = database.locked();
    let waiter = database.watched(5);
    waiter
        .execute("DELETE FROM notes WHERE id = 77", [])
        .unwrap_err();
    drop(waiter);
    holder_of_delete(metrics)
}

/// Whom the only `DELETE` waited for.
fn holder_of_delete(metrics: &Metrics) -> Option<String> {
    let mut all = metrics.metrics();
    all.retain(|metric| metric.operation_name == "DELETE notes");
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!(all[0].outcome, Outcome::Error("busy"));
    text(&all[0], "lock_holder")
}

#[test]
fn who_writes_to_an_attached_database_only_holds_nothing() {
    let far = Database::new();
    let holder = holder_after(|connection| {
        far.attach_to(connection);
        connection
            .execute_batch("BEGIN; INSERT INTO aux.notes VALUES (100, 'x')")
            .unwrap();
    });
    assert_eq!(holder, None);
}

#[test]
fn who_writes_to_a_table_of_its_own_only_holds_nothing() {
    let holder = holder_after(|connection| {
        connection
            .execute_batch("CREATE TEMP TABLE t (x); BEGIN; INSERT INTO t VALUES (100)")
            .unwrap();
    });
    assert_eq!(holder, None);
}

#[test]
fn who_made_a_table_that_was_there_holds_nothing() {
    let holder = holder_after(|connection| {
        connection
            .execute_batch("BEGIN; CREATE TABLE IF NOT EXISTS notes (x)")
            .unwrap();
    });
    assert_eq!(holder, None);
}

#[test]
fn who_was_rolled_back_by_a_conflict_holds_nothing() {
    let holder = holder_after(|connection| lose_to_a_conflict(connection));
    assert_eq!(holder, None);
}

#[test]
fn who_was_rolled_back_by_a_conflict_and_went_on_holds_nothing() {
    let holder = holder_after(|connection| {
        lose_to_a_conflict(connection);
        connection
            .execute("INSERT INTO notes VALUES (101, 'z')", [])
            .unwrap();
        run(connection, "SELECT 1 FROM notes").unwrap();
    });
    assert_eq!(holder, None);
}

#[test]
fn who_was_rolled_back_by_a_conflict_and_is_given_back_holds_nothing() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let database = Database::new();
    let connection = database.monitored();
    lose_to_a_conflict(&connection);
    connection.check_in().unwrap();
    assert_eq!(holder_while_locked(&database, &metrics), None);
}

#[test]
fn whose_hook_was_replaced_holds_nothing() {
    let holder = holder_after(|connection| {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
            .trace_v2(
                TraceEventCodes::SQLITE_TRACE_PROFILE,
                Some(|_: TraceEvent<'_>| {}),
            )
            .unwrap();
        connection.execute_batch("COMMIT").unwrap();
    });
    assert_eq!(holder, None);
}

#[test]
fn who_waits_itself_with_a_handler_of_its_own_holds_nothing() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let database = Database::new();
    let _unknown = database.locked();
    let (asks, has_asked) = mpsc::channel();
    let (give_up, gives_up) = mpsc::channel::<()>();
    let mut own = database.plain(0);
    own.busy_handler(Some(move |_| {
        asks.send(()).unwrap();
        gives_up.recv().unwrap();
        false
    }))
    .unwrap();
    instrument(&mut own).unwrap();
    let told = &metrics;
    thread::scope(|scope| {
        scope.spawn(move || {
            let _entered = told.enter();
            own.execute("INSERT INTO notes VALUES (11, 'x')", [])
                .unwrap_err();
        });
        has_asked.recv().unwrap();
        let refused = database.watched(5).execute("DELETE FROM notes", []);
        give_up.send(()).unwrap();
        refused.unwrap_err();
    });
    assert_eq!(holder_of_delete(&metrics), None);
}

#[test]
fn who_was_refused_to_begin_holds_nothing_and_is_in_no_transaction() {
    let metrics = pipeline(config());
    let database = Database::new();
    let connection = database.watched(0);
    let _entered = metrics.enter();
    run(&connection, "SELECT 1 FROM notes").unwrap();
    let _unknown = database.locked();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap_err();
    assert!(connection.is_autocommit());
    database
        .watched(5)
        .execute("DELETE FROM notes", [])
        .unwrap_err();
    run(&connection, "SELECT 1 FROM notes").unwrap();
    assert_eq!(holder_of_delete(&metrics), None);
    let all = metrics.metrics();
    let begin = all.iter().find(|metric| metric.operation_name == "BEGIN");
    assert_ne!(begin.unwrap().outcome, Outcome::Ok);
    for metric in &all {
        assert_eq!(text(metric, "in_transaction"), None, "{metric:?}");
    }
}

/// Takes the lock, and loses it with the transaction.
fn lose_to_a_conflict(connection: &Connection) {
    connection
        .execute_batch("BEGIN; INSERT INTO notes VALUES (100, 'x')")
        .unwrap();
    connection
        .execute("INSERT OR ROLLBACK INTO notes VALUES (1, 'x')", [])
        .unwrap_err();
    assert!(connection.is_autocommit());
}
