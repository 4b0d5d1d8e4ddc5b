//! What happens between two rows, or while one is read, is no part of the statement that they are of.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics_tests::{config, names, pipeline};

use crate::support::{Database, fill, in_memory, newest, ok, run, text, told};

#[test]
fn a_blob_that_is_opened_between_rows_is_no_row() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = in_memory();
    let mut statement = connection.prepare("SELECT id FROM notes LIMIT 4").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let id: i64 = row.get(0).unwrap();
        let blob = connection.blob_open(rusqlite::MAIN_DB, "notes", "body", id, true);
        drop(blob.unwrap());
    }
    drop(rows);
    assert_eq!(told(&metrics), [ok("SELECT notes", 4)]);
}

#[test]
fn a_schema_that_is_read_again_between_rows_adds_no_row() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let (near, far) = (Database::new(), Database::new());
    let connection = near.watched(100);
    far.attach_to(&connection);
    let mut statement = connection
        .prepare("SELECT id FROM main.notes LIMIT 4")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    for made in ["one", "two", "three", "four"] {
        assert!(rows.next().unwrap().is_some());
        far.create_table(made);
        connection
            .prepare(&format!("SELECT x FROM aux.{made}"))
            .unwrap();
    }
    drop(rows);
    assert_eq!(text(&newest(&metrics), "rows").as_deref(), Some("4"));
}

#[test]
fn a_cursor_that_was_prepared_again_and_has_statements_inside_is_one_record() {
    let metrics = pipeline(config());
    let database = Database::new();
    let connection = database.watched(0);
    let _entered = metrics.enter();
    run(&connection, "SELECT 1 FROM notes").unwrap();
    database.create_table("made");
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    let mut rows = statement.query([]).unwrap();
    while rows.next().unwrap().is_some() {
        run(&connection, "SELECT 1").unwrap();
    }
    let told = told(&metrics);
    assert_eq!(told.len(), 12, "{told:?}");
    assert_eq!(told[11], ok("SELECT notes", 10));
}

#[test]
fn snapshots_and_other_connections_inside_of_a_statement_do_no_harm() {
    let metrics = Arc::new(pipeline(config()));
    let _entered = metrics.enter();
    let connection = Connection::open_in_memory().unwrap();
    fill(&connection);
    let asked = Arc::clone(&metrics);
    connection
        .create_scalar_function("recorded", 0, FunctionFlags::SQLITE_UTF8, move |_| {
            let other = MonitoredConnection::open_in_memory().unwrap();
            other.query_row("SELECT 5", [], |_| Ok(())).unwrap();
            drop(other);
            Ok(asked.snapshot().stats.total_count as i64)
        })
        .unwrap();
    let connection = MonitoredConnection::new(connection).unwrap();
    connection
        .query_row("SELECT recorded()", [], |_| {
            metrics.snapshot();
            drop(MonitoredConnection::open_in_memory().unwrap());
            connection.execute("DELETE FROM notes WHERE id = 1", [])
        })
        .unwrap();
    assert_eq!(names(&metrics), ["SELECT", "DELETE notes", "SELECT"]);
}
