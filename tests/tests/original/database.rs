use std::time::Duration;

use starpunk_metrics::sqlite::{MonitoredConnection, SqliteManager};
use starpunk_metrics::{Metrics, OperationType, Outcome};
use starpunk_metrics_tests::{config, names, only, pipeline};

/// A database with a table of notes, whose making is no part of the test.
fn notes() -> MonitoredConnection {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT UNIQUE)")
        .unwrap();
    MonitoredConnection::new(connection).unwrap()
}

fn measured(settings: starpunk_metrics::Config, work: impl FnOnce(MonitoredConnection)) -> Metrics {
    let metrics = pipeline(settings);
    let entered = metrics.enter();
    work(notes());
    drop(entered);
    metrics
}

#[test]
fn sampling_leaves_out_ordinary_records_but_counts_them() {
    let metrics = measured(config().sampling_rate(0.0), |connection| {
        for id in 0..50 {
            connection
                .execute("INSERT INTO notes VALUES (?1, ?1)", [id])
                .unwrap();
        }
    });
    assert!(metrics.metrics().is_empty());
    assert_eq!(metrics.stats().by_type[&OperationType::Database].count, 50);
}

#[test]
fn slow_queries_are_kept_whatever_the_sampling() {
    let settings = config()
        .sampling_rate(0.0)
        .slow_query_threshold(Duration::from_nanos(1));
    let metrics = measured(settings, |connection| {
        connection
            .execute("INSERT INTO notes VALUES (1, 'one')", [])
            .unwrap();
    });
    let slow = only(&metrics);
    assert!(slow.forced);
    assert_eq!(metrics.stats().by_type[&OperationType::Database].slow, 1);
}

#[test]
fn table_of_a_select_is_known() {
    let metrics = measured(config(), |connection| {
        let count: i64 = connection
            .query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 0);
    });
    let select = only(&metrics);
    assert_eq!(select.operation_name, "SELECT notes");
    assert_eq!(select.fields["table"], "notes");
    assert_eq!(select.fields["rows"], 1);
}

#[test]
fn table_of_an_insert_is_known() {
    let metrics = measured(config(), |connection| {
        connection
            .execute("INSERT INTO notes (body) VALUES ('x')", [])
            .unwrap();
    });
    let insert = only(&metrics);
    assert_eq!(insert.operation_name, "INSERT notes");
    assert_eq!(insert.fields["rows_changed"], 1);
}

#[test]
fn table_of_an_update_is_known() {
    let metrics = measured(config(), |connection| {
        connection
            .execute("UPDATE notes SET body = 'x' WHERE id = 7", [])
            .unwrap();
    });
    let update = only(&metrics);
    assert_eq!(update.operation_name, "UPDATE notes");
    assert_eq!(update.fields["rows_changed"], 0);
}

#[test]
fn query_type_is_the_verb() {
    let metrics = measured(config(), |connection| {
        let transaction = connection.unchecked_transaction().unwrap();
        transaction.execute("DELETE FROM notes", []).unwrap();
        transaction.commit().unwrap();
    });
    assert_eq!(names(&metrics), ["BEGIN", "DELETE notes", "COMMIT"]);
    let types: Vec<String> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.fields["query_type"].to_string())
        .collect();
    assert_eq!(types, ["BEGIN", "DELETE", "COMMIT"]);
}

#[test]
fn parameters_are_bound_and_never_recorded() {
    let metrics = measured(config(), |connection| {
        connection
            .execute(
                "INSERT INTO notes (id, body) VALUES (?1, ?2)",
                (5, "my secret"),
            )
            .unwrap();
        let body: String = connection
            .query_row(
                "SELECT body FROM notes WHERE id = :id",
                &[(":id", &5)],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(body, "my secret");
    });
    assert_eq!(names(&metrics), ["INSERT notes", "SELECT notes"]);
    assert!(!format!("{:?}", metrics.metrics()).contains("secret"));
}

#[test]
fn a_batch_is_one_operation_with_its_size() {
    let metrics = measured(config(), |connection| {
        let changed = connection
            .execute_many(
                "INSERT INTO notes (body) VALUES (?1)",
                ["a", "b", "c"].map(|body| [body]),
            )
            .unwrap();
        assert_eq!(changed, 3);
    });
    let batch = only(&metrics);
    assert_eq!(batch.operation_name, "INSERT notes");
    assert_eq!(batch.fields["batch_size"], 3);
    assert_eq!(batch.fields["rows_changed"], 3);
    assert_eq!(metrics.stats().total_count, 1);
}

#[test]
fn errors_are_kept_with_their_class_whatever_the_sampling() {
    let metrics = measured(config().sampling_rate(0.0), |connection| {
        connection
            .execute("INSERT INTO notes VALUES (1, 'one')", [])
            .unwrap();
        connection
            .execute("INSERT INTO notes VALUES (2, 'one')", [])
            .unwrap_err();
        connection
            .execute("INSERT INTO nowhere VALUES (1)", [])
            .unwrap_err();
    });
    let failed = metrics.metrics();
    let outcomes: Vec<Outcome> = failed.iter().map(|metric| metric.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Error("constraint_unique"), Outcome::Error("sql")]
    );
    assert_eq!(
        failed[0].fields["error_code"],
        rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
    );
    assert_eq!(metrics.stats().by_type[&OperationType::Database].errors, 2);
    assert_eq!(metrics.stats().total_count, 3);
}

#[test]
fn code_that_takes_a_plain_connection_is_measured_through_the_pool() {
    fn count(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
        connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
    }

    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let directory = tempfile::tempdir().unwrap();
    let manager = SqliteManager::file(directory.path().join("notes.db")).with_init(|connection| {
        connection.execute_batch("CREATE TABLE IF NOT EXISTS notes (body)")
    });
    let pool = r2d2::Pool::builder().max_size(2).build(manager).unwrap();
    for _ in 0..3 {
        let connection = pool.get().unwrap();
        assert_eq!(count(&connection).unwrap(), 0);
    }
    // Three statements, and none for a checkout or for making the table.
    assert_eq!(names(&metrics), ["SELECT notes"; 3]);
}
