//! What is told of a statement beside its time: rows, scans, sorts, preparing, and whose time it was.

use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{
    Metric, Metrics, Outcome, StatementOrder, StatementStats, monitored_query, track_business,
};
use starpunk_metrics_tests::{config, only, pipeline};

const NAP: Duration = Duration::from_millis(3);

/// A hundred notes by ten authors.
fn fill(connection: &Connection) {
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER, body TEXT UNIQUE);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
             INSERT INTO notes SELECT i, i % 10, 'note ' || i FROM n",
        )
        .unwrap();
}

fn monitored() -> MonitoredConnection {
    let connection = Connection::open_in_memory().unwrap();
    fill(&connection);
    MonitoredConnection::new(connection).unwrap()
}

fn plain() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    fill(&connection);
    instrument(&mut connection).unwrap();
    connection
}

fn field(metric: &Metric, name: &str) -> f64 {
    metric.fields[name].to_string().parse().unwrap()
}

fn count_rows(connection: &Connection, sql: &str) -> usize {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |_| Ok(())).unwrap().count()
}

#[test]
fn a_scan_a_sort_and_an_index_made_for_one_statement_are_told() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    assert_eq!(
        count_rows(&connection, "SELECT id FROM notes WHERE id = 7"),
        1
    );
    assert_eq!(
        count_rows(&connection, "SELECT id FROM notes WHERE author = 7"),
        10
    );
    assert_eq!(
        count_rows(&connection, "SELECT id FROM notes ORDER BY author"),
        100
    );
    assert_eq!(
        count_rows(
            &connection,
            "SELECT a.id FROM notes a JOIN notes b ON b.author = a.author"
        ),
        1000
    );
    let all = metrics.metrics();
    let facts = |at: usize| {
        ["scan_steps", "sorts", "auto_index_rows"].map(|name| {
            let field = all[at].fields.get(name);
            field.map_or(0, |count| count.to_string().parse::<u32>().unwrap())
        })
    };
    assert_eq!(facts(0), [0, 0, 0]);
    assert_eq!(facts(1), [99, 0, 0]);
    assert_eq!(facts(2)[1], 1);
    assert!(facts(3)[2] >= 99, "{:?}", facts(3));
}

#[test]
fn the_time_to_the_first_row_is_told_where_there_are_more() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    let mut rows = statement.query([]).unwrap();
    rows.next().unwrap();
    thread::sleep(NAP);
    rows.next().unwrap();
    drop(rows);
    let select = only(&metrics);
    assert!(select.duration >= NAP);
    assert!(field(&select, "first_row_ms") < select.duration_ms() - 2.9);
}

#[test]
fn the_time_to_the_first_row_is_told_where_there_had_been_one_row_at_most() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    let run = |most: u32, nap: Duration| {
        let mut statement = connection
            .prepare_cached("SELECT id FROM notes WHERE id <= ?1")
            .unwrap();
        let mut rows = statement.query([most]).unwrap();
        while rows.next().unwrap().is_some() {
            thread::sleep(nap);
        }
    };
    for most in [1, 1, 2] {
        run(most, Duration::ZERO);
    }
    run(2, NAP);
    let all = metrics.metrics();
    assert_eq!(all.len(), 4);
    assert!(all[1].fields.get("first_row_ms").is_none());
    assert!(field(&all[2], "first_row_ms") <= all[2].duration_ms());
    assert!(field(&all[3], "first_row_ms") < all[3].duration_ms() - 5.9);
    let snapshot = metrics.snapshot();
    let notes = &snapshot.statements()[0];
    assert_eq!(notes.facts.many_rows, 2);
}

#[test]
fn the_callers_own_time_is_told_where_it_is_known() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = monitored();
    connection
        .query_row("SELECT id FROM notes WHERE id = 7", [], |_| {
            thread::sleep(NAP);
            Ok(())
        })
        .unwrap();
    let select = only(&metrics);
    let caller = field(&select, "caller_ms");
    assert!(caller >= 3.0 && caller < select.duration_ms());
}

#[test]
fn what_runs_between_two_rows_is_the_callers_time() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    let mut outer = connection.prepare("SELECT id FROM notes LIMIT 5").unwrap();
    let mut rows = outer.query([]).unwrap();
    while rows.next().unwrap().is_some() {
        assert_eq!(
            count_rows(&connection, "SELECT id FROM notes WHERE author = 7"),
            10
        );
    }
    let all = metrics.metrics();
    let inner: f64 = all[..5].iter().map(Metric::duration_ms).sum();
    let caller = field(&all[5], "caller_ms");
    assert!(
        (caller - inner).abs() < inner / 1_000.0,
        "{caller} of {inner}"
    );
    assert!(all[5].duration_ms() > caller);
}

#[test]
fn preparing_is_told_of_what_was_prepared_and_not_of_what_was_kept() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = monitored();
    connection
        .execute("DELETE FROM notes WHERE id = 1", [])
        .unwrap();
    for id in [2, 3] {
        let mut statement = connection
            .prepare_cached("DELETE FROM notes WHERE id = ?1")
            .unwrap();
        statement.execute([id]).unwrap();
    }
    let all = metrics.metrics();
    let prepared: Vec<bool> = all
        .iter()
        .map(|metric| metric.fields.get("prepare_ms").is_some())
        .collect();
    assert_eq!(prepared, [true, true, false]);
    let facts = shape(&metrics, "DELETE FROM notes WHERE id = ?").facts;
    assert_eq!((facts.fresh, facts.reused), (2, 1));
    assert_eq!(facts.reuse_rate(), Some(1.0 / 3.0));
    assert!(facts.prepare_time > Duration::ZERO);
}

fn shape(metrics: &Metrics, fingerprint: &str) -> StatementStats {
    let snapshot = metrics.snapshot();
    let found = snapshot
        .statements()
        .iter()
        .find(|statement| statement.fingerprint == fingerprint);
    found
        .unwrap_or_else(|| panic!("{:#?}", snapshot.statements()))
        .clone()
}

#[monitored_query]
fn first(connection: &Connection) {
    count_rows(connection, "SELECT body FROM notes WHERE id = 1");
}

#[monitored_query]
fn second(connection: &Connection) {
    count_rows(
        connection,
        "select body from notes -- another\n where id = 2;",
    );
    count_rows(connection, "SELECT body FROM notes WHERE id=3");
}

#[test]
fn statements_that_differ_in_their_values_are_one_shape() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    first(&connection);
    second(&connection);
    count_rows(&connection, "SELECT body FROM notes WHERE id > 50");
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.statements().len(), 2);
    let one = shape(&metrics, "SELECT body FROM notes WHERE id = ?");
    assert_eq!(one.tally.count(), 3);
    assert_eq!((one.facts.rows, one.facts.scans), (3, 0));
    assert_eq!(
        one.functions,
        [
            ("sqlite::facts::second".to_owned(), 2),
            ("sqlite::facts::first".to_owned(), 1)
        ]
    );
    // As an operation they are the same.
    assert_eq!(snapshot.operations.len(), 1);
    assert_eq!(snapshot.operations[0].rows, 53);
}

#[track_business("counted")]
fn business(connection: &Connection) {
    count_rows(connection, "SELECT 1 FROM notes");
    first(connection);
}

#[monitored_query]
fn query_around_business(connection: &Connection) {
    business(connection);
}

#[track_business("counted")]
fn another_of_that_name(connection: &Connection) {
    count_rows(connection, "SELECT 1 FROM notes");
}

#[test]
fn places_of_one_name_are_one_function() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    business(&connection);
    another_of_that_name(&connection);
    assert_eq!(
        shape(&metrics, "SELECT ? FROM notes").functions,
        [("counted".to_owned(), 2)]
    );
}

#[test]
fn a_statement_is_of_the_query_around_it_or_else_of_the_business_function() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    business(&connection);
    query_around_business(&connection);
    count_rows(&connection, "SELECT 1 FROM notes");
    let functions = |fingerprint| shape(&metrics, fingerprint).functions;
    let called = |name: &str, calls| (name.to_owned(), calls);
    assert_eq!(
        functions("SELECT ? FROM notes"),
        [
            called("counted", 1),
            called("sqlite::facts::query_around_business", 1)
        ]
    );
    assert_eq!(
        functions("SELECT body FROM notes WHERE id = ?"),
        [called("sqlite::facts::first", 2)]
    );
    let first = metrics
        .metrics()
        .into_iter()
        .find(|metric| metric.operation_name == "SELECT notes")
        .unwrap();
    assert_eq!(first.fields["function"], "counted");
    assert_eq!(first.fields.get("query_name"), None);
}

#[test]
fn statements_are_put_in_the_order_that_is_asked_for() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = plain();
    for _ in 0..5 {
        count_rows(&connection, "SELECT 1");
    }
    count_rows(&connection, "SELECT body FROM notes");
    connection
        .query_row(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
             SELECT count(*) FROM n",
            [],
            |_| Ok(()),
        )
        .unwrap();
    let snapshot = metrics.snapshot();
    let first = |order| snapshot.statements_by(order)[0].fingerprint.clone();
    assert_eq!(first(StatementOrder::Calls), "SELECT ?");
    assert_eq!(first(StatementOrder::Rows), "SELECT body FROM notes");
    assert!(first(StatementOrder::TotalTime).starts_with("WITH RECURSIVE"));
    assert!(first(StatementOrder::P95).starts_with("WITH RECURSIVE"));
    assert_eq!(
        snapshot.statements()[0].fingerprint,
        first(StatementOrder::TotalTime)
    );
}

#[test]
fn errors_are_told_by_their_class_and_code() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = monitored();
    for (sql, class) in [
        (
            "INSERT INTO notes VALUES (1, 1, 'x')",
            "constraint_primarykey",
        ),
        (
            "INSERT INTO notes VALUES (200, 1, 'note 1')",
            "constraint_unique",
        ),
        ("SELECT json_extract('{', '$')", "sql"),
        ("SELECT missing FROM notes", "sql"),
        ("PRAGMA query_only = on", ""),
        ("DELETE FROM notes", "readonly"),
    ] {
        let result = connection.execute_batch(sql);
        assert_eq!(result.is_err(), !class.is_empty(), "{sql}");
        let outcome = metrics.metrics().pop().unwrap().outcome;
        if class.is_empty() {
            assert_eq!(outcome, Outcome::Ok);
        } else {
            assert_eq!(outcome, Outcome::Error(class), "{sql}");
        }
    }
    let insert = shape(&metrics, "INSERT INTO notes VALUES (?)");
    assert_eq!(insert.tally.errors(), 2);
}
