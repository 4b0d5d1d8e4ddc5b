//! How transactions end, and what was counted in them.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{FindingKind, Metrics, TransactionStats};
use starpunk_metrics_tests::{config, names, pipeline};

use crate::support::{Database, in_memory, run};

fn transactions(metrics: &Metrics) -> TransactionStats {
    let all = metrics.snapshot().transactions;
    all.into_iter().next().unwrap_or_default()
}

#[test]
fn a_commit_that_fails_leaves_its_transaction_open() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = MonitoredConnection::new(Connection::open_in_memory().unwrap()).unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = 1;
             CREATE TABLE notes (id INTEGER PRIMARY KEY);
             CREATE TABLE tags (note REFERENCES notes DEFERRABLE INITIALLY DEFERRED);
             BEGIN;
             INSERT INTO tags VALUES (1)",
        )
        .unwrap();
    connection.execute("COMMIT", []).unwrap_err();
    assert!(!connection.is_autocommit());
    connection.check_in().unwrap();
    assert_eq!(transactions(&metrics).left_open, 1);
    let snapshot = metrics.snapshot();
    let kinds: Vec<_> = snapshot
        .findings()
        .iter()
        .map(|finding| finding.kind)
        .collect();
    assert_eq!(kinds, [FindingKind::LeftOpen]);
}

#[test]
fn one_whose_connection_is_dropped_was_rolled_back() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = in_memory();
    connection
        .execute_batch("BEGIN; DELETE FROM notes")
        .unwrap();
    drop(connection);
    assert_eq!(transactions(&metrics).rolled_back, 1);
}

#[test]
fn a_connection_that_ends_with_its_thread_is_told() {
    thread_local! {
        static KEPT: RefCell<Option<MonitoredConnection>> = const { RefCell::new(None) };
    }
    let metrics = Arc::new(pipeline(config()));
    let told = Arc::clone(&metrics);
    thread::spawn(move || {
        let _entered = told.enter();
        KEPT.set(Some(MonitoredConnection::open_in_memory().unwrap()));
        KEPT.with_borrow(|kept| {
            let connection = kept.as_ref().unwrap();
            connection
                .execute_batch("CREATE TABLE notes (id); BEGIN")
                .unwrap();
        });
    })
    .join()
    .unwrap();
    assert_eq!(names(&metrics), ["CREATE notes", "BEGIN"]);
}

#[test]
fn savepoints_are_matched_as_sqlite_matches_them() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = in_memory();
    // Each script, and how many were committed and rolled back when it has ended.
    for (script, ended) in [
        (
            "SAVEPOINT a; SAVEPOINT A; SAVEPOINT \"b c\"; RELEASE a; RELEASE [A]",
            (1, 0),
        ),
        (
            "SAVEPOINT a; SAVEPOINT b; ROLLBACK TO a; RELEASE SAVEPOINT a",
            (2, 0),
        ),
        (
            "SAVEPOINT 'it''s'; SAVEPOINT x; ROLLBACK TRANSACTION TO SAVEPOINT x; RELEASE 'it''s'",
            (3, 0),
        ),
        ("SAVEPOINT a; ROLLBACK", (3, 1)),
        ("BEGIN; SAVEPOINT a; RELEASE a; COMMIT", (4, 1)),
        ("SAVEPOINT a; SAVEPOINT b; COMMIT", (5, 1)),
        ("SAVEPOINT \"to\"; RELEASE \"to\"", (6, 1)),
        (
            "SAVEPOINT immediate; ROLLBACK TO immediate; RELEASE immediate /* now */ -- x\n",
            (7, 1),
        ),
        ("BEGIN; ROLLBACK /* to */", (7, 2)),
    ] {
        connection.execute_batch(script).unwrap();
        assert!(connection.is_autocommit(), "{script}");
        let stats = transactions(&metrics);
        assert_eq!((stats.committed, stats.rolled_back), ended, "{script}");
    }
}

#[test]
fn a_release_of_no_savepoint_ends_nothing() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = in_memory();
    connection
        .execute_batch("SAVEPOINT a; SAVEPOINT b")
        .unwrap();
    connection.execute_batch("RELEASE nope").unwrap_err();
    connection.execute_batch("RELEASE b; RELEASE a").unwrap();
    let stats = transactions(&metrics);
    assert_eq!((stats.committed, stats.rolled_back), (1, 0));
}

#[test]
fn a_statement_that_is_prepared_again_in_a_transaction_is_counted_once_in_it() {
    let metrics = pipeline(config());
    let database = Database::new();
    let connection = database.watched(0);
    let _entered = metrics.enter();
    run(&connection, "SELECT 1 FROM notes").unwrap();
    database.create_table("made");
    connection.execute_batch("BEGIN").unwrap();
    connection
        .execute("DELETE FROM notes WHERE id = 3", [])
        .unwrap();
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(
        names(&metrics),
        ["SELECT notes", "BEGIN", "DELETE notes", "COMMIT"]
    );
    let stats = transactions(&metrics);
    assert_eq!((stats.statements, stats.writes), (1, 1));
}
