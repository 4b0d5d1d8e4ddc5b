//! One record for every executed top-level statement, on a connection of rusqlite's own that was instrumented and nothing
//! else: nobody but the hook tells of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::functions::FunctionFlags;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, backup, ffi};
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{Entered, FindingKind, Metric, Metrics, Outcome};
use starpunk_metrics_tests::{config, names, only, pipeline};

/// A pipeline that this thread reports to, and a connection with ten notes.
fn instrumented() -> (Metrics, Entered, Connection) {
    let metrics = pipeline(config());
    let entered = metrics.enter();
    let mut connection = Connection::open_in_memory().unwrap();
    fill(&connection);
    instrument(&mut connection).unwrap();
    (metrics, entered, connection)
}

fn fill(connection: &Connection) {
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT UNIQUE);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
             INSERT INTO notes SELECT i, 'note ' || i FROM n",
        )
        .unwrap();
}

/// Name, rows and outcome of every record, oldest first.
fn told(metrics: &Metrics) -> Vec<(String, String, Outcome)> {
    let tell = |metric: Metric| {
        let rows = metric.fields["rows"].to_string();
        (metric.operation_name, rows, metric.outcome)
    };
    metrics.metrics().into_iter().map(tell).collect()
}

fn one(name: &str, rows: u32) -> [(String, String, Outcome); 1] {
    [(name.to_owned(), rows.to_string(), Outcome::Ok)]
}

#[test]
fn each_way_to_run_a_statement_makes_one_record() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .execute("INSERT INTO notes VALUES (11, 'eleven')", [])
        .unwrap();
    let id: i64 = connection
        .query_row("SELECT id FROM notes WHERE id = 11", [], |row| row.get(0))
        .unwrap();
    let missing = connection.query_row("SELECT id FROM notes WHERE id = 0", [], |_| Ok(()));
    assert!(id == 11 && missing.is_err());
    let mut statement = connection
        .prepare("DELETE FROM notes WHERE id = ?1")
        .unwrap();
    statement.execute([11]).unwrap();
    assert!(!statement.exists([12]).unwrap());
    assert_eq!(
        told(&metrics),
        [
            one("INSERT notes", 0),
            one("SELECT notes", 1),
            one("SELECT notes", 0),
            one("DELETE notes", 0),
            one("DELETE notes", 0),
        ]
        .concat()
    );
}

#[test]
fn what_is_prepared_and_never_stepped_did_not_run() {
    let (metrics, _entered, connection) = instrumented();
    drop(connection.prepare("SELECT id FROM notes").unwrap());
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    drop(statement.query_map([], |_| Ok(())).unwrap());
    assert_eq!(names(&metrics), [""; 0]);
}

#[test]
fn rows_that_are_read_in_part_are_one_record_when_they_are_let_go() {
    let (metrics, _entered, connection) = instrumented();
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    let mut rows = statement.query([]).unwrap();
    for _ in 0..3 {
        rows.next().unwrap();
    }
    assert_eq!(names(&metrics), [""; 0], "it still runs");
    drop(rows);
    assert_eq!(told(&metrics), one("SELECT notes", 3));
}

#[test]
fn rows_that_are_read_to_the_end_are_one_record_at_the_last() {
    let (metrics, _entered, connection) = instrumented();
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    let mut rows = statement.query([]).unwrap();
    while rows.next().unwrap().is_some() {}
    assert_eq!(told(&metrics), one("SELECT notes", 10));
    drop(rows);
    drop(statement);
    assert_eq!(metrics.stats().total_count, 1);
}

#[test]
fn a_script_makes_a_record_for_each_of_its_statements() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .execute_batch(
            "-- first
             DELETE FROM notes WHERE id = 1;
             /* second; not third */ UPDATE notes SET body = 'x;y' WHERE id = 2;
             CREATE TABLE tags (name);
             ;
             -- nothing more",
        )
        .unwrap();
    assert_eq!(
        names(&metrics),
        ["DELETE notes", "UPDATE notes", "CREATE tags"]
    );
}

#[test]
fn a_statement_that_fails_is_one_record_whoever_sees_the_error() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .execute("INSERT INTO notes VALUES (1, 'again')", [])
        .unwrap_err();
    connection
        .query_row(
            "SELECT abs(-9223372036854775808) FROM notes",
            [],
            |_| Ok(()),
        )
        .unwrap_err();
    assert_eq!(names(&metrics), ["INSERT notes", "SELECT notes"]);
}

#[test]
fn text_that_cannot_be_prepared_did_not_run() {
    let (metrics, _entered, connection) = instrumented();
    connection.prepare("SELEC nonsense").unwrap_err();
    connection.prepare("SELECT missing FROM notes").unwrap_err();
    connection.execute_batch("").unwrap();
    assert_eq!(names(&metrics), [""; 0]);
}

#[test]
fn what_a_trigger_does_is_a_part_of_its_statement() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .execute_batch(
            "CREATE TABLE audit (id);
             CREATE TRIGGER kept AFTER DELETE ON notes BEGIN
                 INSERT INTO audit VALUES (old.id);
                 UPDATE audit SET id = id;
             END",
        )
        .unwrap();
    connection
        .execute("DELETE FROM notes WHERE id < 4 RETURNING id", [])
        .unwrap_err(); // It returns rows, and rusqlite wants those read.
    let mut statement = connection
        .prepare("DELETE FROM notes WHERE id < 7 RETURNING id")
        .unwrap();
    let ids: Vec<i64> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(!ids.is_empty());
    let names = names(&metrics);
    assert_eq!(
        names,
        [
            "CREATE audit",
            "CREATE notes",
            "DELETE notes",
            "DELETE notes"
        ]
    );
    let last = metrics.metrics().pop().unwrap();
    assert_eq!(last.fields["rows"].to_string(), ids.len().to_string());
}

#[test]
fn what_a_full_text_index_runs_for_itself_is_not_the_applications() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .execute_batch("CREATE VIRTUAL TABLE search USING fts5(body)")
        .unwrap();
    connection
        .execute("INSERT INTO search SELECT body FROM notes", [])
        .unwrap();
    let mut statement = connection
        .prepare("SELECT body FROM search WHERE search MATCH 'note' ORDER BY rank")
        .unwrap();
    let found = statement.query_map([], |_| Ok(())).unwrap().count();
    assert_eq!(found, 10);
    connection
        .execute("INSERT INTO search(search) VALUES ('optimize')", [])
        .unwrap();
    connection.execute("DELETE FROM search", []).unwrap();
    assert_eq!(
        told(&metrics),
        [
            one("CREATE search", 0),
            one("INSERT search", 0),
            one("SELECT search", 10),
            one("INSERT search", 0),
            one("DELETE search", 0),
        ]
        .concat()
    );
}

#[test]
fn what_a_full_text_index_reads_to_be_opened_is_not_the_applications() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "CREATE VIRTUAL TABLE search USING fts5(body);
             INSERT INTO search VALUES ('a note')",
        )
        .unwrap();
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = Connection::open(&path).unwrap();
    instrument(&mut connection).unwrap();
    let count: i64 = connection
        .query_row("SELECT count(*) FROM search", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
    assert_eq!(told(&metrics), one("SELECT search", 1));
}

#[test]
fn what_a_function_of_the_application_runs_inside_is_a_part_of_its_statement() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .create_scalar_function("twice", 1, FunctionFlags::SQLITE_UTF8, |context| {
            Ok(2 * context.get::<i64>(0)?)
        })
        .unwrap();
    let sum: i64 = connection
        .query_row("SELECT sum(twice(id)) FROM notes", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sum, 110);
    assert_eq!(told(&metrics), one("SELECT notes", 1));
}

#[test]
fn a_cached_statement_is_a_record_for_each_run_with_what_that_run_did() {
    let (metrics, _entered, connection) = instrumented();
    for limit in [2_u32, 5, 3] {
        let mut statement = connection
            .prepare_cached("SELECT body FROM notes WHERE id <= ?1")
            .unwrap();
        let count = statement.query_map([limit], |_| Ok(())).unwrap().count();
        assert_eq!(count, limit as usize);
    }
    let all = metrics.metrics();
    let field = |name: &str| -> Vec<String> {
        all.iter()
            .map(|metric| metric.fields[name].to_string())
            .collect()
    };
    assert_eq!(field("rows"), ["2", "5", "3"]);
    assert_eq!(field("fresh"), ["true", "false", "false"]);
    let steps: Vec<i64> = field("vm_steps")
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    assert!(steps[0] < steps[2] && steps[2] < steps[1], "{steps:?}");
}

#[test]
fn a_loop_inside_a_loop_is_told_apart() {
    let (metrics, _entered, connection) = instrumented();
    let mut outer = connection.prepare("SELECT id FROM notes LIMIT 3").unwrap();
    let mut rows = outer.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let id: i64 = row.get(0).unwrap();
        let mut inner = connection
            .prepare_cached("SELECT body FROM notes WHERE id <= ?1")
            .unwrap();
        assert_eq!(
            inner.query_map([id], |_| Ok(())).unwrap().count() as i64,
            id
        );
    }
    assert_eq!(
        told(&metrics),
        [
            one("SELECT notes", 1),
            one("SELECT notes", 2),
            one("SELECT notes", 3),
            one("SELECT notes", 3),
        ]
        .concat()
    );
}

#[test]
fn transactions_are_told_as_the_statements_that_they_are() {
    let (metrics, _entered, mut connection) = instrumented();
    let transaction = connection.transaction().unwrap();
    transaction
        .execute("DELETE FROM notes WHERE id = 1", [])
        .unwrap();
    transaction.commit().unwrap();
    let mut transaction = connection.transaction().unwrap();
    let savepoint = transaction.savepoint().unwrap();
    drop(savepoint);
    drop(transaction);
    assert_eq!(
        names(&metrics),
        [
            "BEGIN",
            "DELETE notes",
            "COMMIT",
            "BEGIN",
            "SAVEPOINT",
            "ROLLBACK",
            "RELEASE",
            "ROLLBACK"
        ]
    );
}

#[test]
fn explain_is_a_record_although_sqlite_does_not_tell_of_its_beginning() {
    let (metrics, _entered, connection) = instrumented();
    for text in [
        "EXPLAIN SELECT * FROM notes",
        "EXPLAIN QUERY PLAN SELECT * FROM notes",
    ] {
        let mut statement = connection.prepare(text).unwrap();
        assert!(statement.query_map([], |_| Ok(())).unwrap().count() > 0);
    }
    assert_eq!(names(&metrics), ["EXPLAIN", "EXPLAIN"]);
}

#[test]
fn a_statement_that_is_prepared_again_because_the_schema_changed_ran_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.db");
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = Connection::open(&path).unwrap();
    fill(&connection);
    instrument(&mut connection).unwrap();
    let mut statement = connection.prepare("SELECT * FROM notes").unwrap();
    assert_eq!(statement.query_map([], |_| Ok(())).unwrap().count(), 10);
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE other (id)")
        .unwrap();
    assert_eq!(statement.query_map([], |_| Ok(())).unwrap().count(), 10);
    assert_eq!(
        told(&metrics),
        [one("SELECT notes", 10), one("SELECT notes", 10)].concat()
    );
}

#[test]
fn the_same_is_one_record_for_a_method_of_the_wrapper() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.db");
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let plain = Connection::open(&path).unwrap();
    fill(&plain);
    let connection = MonitoredConnection::new(plain).unwrap();
    // So that the schema is known before it changes.
    connection
        .execute("DELETE FROM notes WHERE id = 1", [])
        .unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE other (id)")
        .unwrap();
    connection
        .execute("DELETE FROM notes WHERE id = 2", [])
        .unwrap();
    let all = metrics.metrics();
    assert_eq!(names(&metrics), ["DELETE notes", "DELETE notes"]);
    assert_eq!(all[1].outcome, Outcome::Ok);
    assert_eq!(all[1].fields["rows_changed"], 1);
}

#[test]
fn a_row_mapper_that_panics_or_wants_another_type_leaves_one_record() {
    let (metrics, _entered, connection) = instrumented();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = connection.query_row("SELECT body FROM notes", [], |_| -> rusqlite::Result<()> {
            panic!("on purpose")
        });
    }));
    assert!(panicked.is_err());
    connection
        .query_row("SELECT body FROM notes", [], |row| row.get::<_, i64>(0))
        .unwrap_err();
    assert_eq!(
        told(&metrics),
        [one("SELECT notes", 1), one("SELECT notes", 1)].concat()
    );
}

#[test]
fn backup_and_blobs_are_not_statements() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .execute("UPDATE notes SET body = zeroblob(10) WHERE id = 1", [])
        .unwrap();
    let blob = connection
        .blob_open(rusqlite::MAIN_DB, "notes", "body", 1, true)
        .unwrap();
    assert_eq!(blob.len(), 10);
    drop(blob);
    let mut copy = Connection::open_in_memory().unwrap();
    backup::Backup::new(&connection, &mut copy)
        .unwrap()
        .step(-1)
        .unwrap();
    assert_eq!(names(&metrics), ["UPDATE notes"]);
}

#[test]
fn statements_of_a_comment_first_are_the_applications() {
    let (metrics, _entered, connection) = instrumented();
    connection
        .execute("-- the oldest\nDELETE FROM notes WHERE id = 1", [])
        .unwrap();
    connection
        .execute("/* the next */ DELETE FROM notes WHERE id = 2", [])
        .unwrap();
    assert_eq!(names(&metrics), ["DELETE notes", "DELETE notes"]);
}

#[test]
fn another_hook_of_the_application_is_noticed_when_the_connection_is_given_back() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = MonitoredConnection::open_in_memory().unwrap();
    connection.check_in().unwrap();
    assert_eq!(metrics.snapshot().findings(), []);
    connection
        .trace_v2(
            TraceEventCodes::SQLITE_TRACE_PROFILE,
            Some(|_: TraceEvent<'_>| {}),
        )
        .unwrap();
    connection.check_in().unwrap();
    connection.check_in().unwrap();
    let snapshot = metrics.snapshot();
    let finding = &snapshot.findings()[0];
    assert_eq!(
        (finding.kind, finding.count),
        (FindingKind::HookReplaced, 1)
    );
    // Its methods still tell what they know.
    connection.execute("CREATE TABLE notes (id)", []).unwrap();
    assert_eq!(only(&metrics).operation_name, "CREATE notes");
}

#[test]
fn an_interrupted_statement_is_one_record_of_its_class() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = MonitoredConnection::open_in_memory().unwrap();
    let interrupt = connection.get_interrupt_handle();
    connection
        .create_scalar_function("stop", 0, FunctionFlags::SQLITE_UTF8, move |_| {
            interrupt.interrupt();
            Ok(1)
        })
        .unwrap();
    connection
        .query_row(
            "WITH RECURSIVE n(i) AS (SELECT stop() UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
            [],
            |_| Ok(()),
        )
        .unwrap_err();
    let metric = only(&metrics);
    assert_eq!(metric.outcome, Outcome::Error("interrupt"));
    assert_eq!(metric.fields["error_code"], ffi::SQLITE_INTERRUPT);
}
