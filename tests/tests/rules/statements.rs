//! Rule 4 for statements: each has one record, told by the hook, with what its caller learnt.

use std::panic::{AssertUnwindSafe, catch_unwind};

use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{Metrics, Outcome, monitored_query};
use starpunk_metrics_tests::{config, names, only, pipeline};

/// Name and outcome of every record, oldest first.
fn outcomes(metrics: &Metrics) -> Vec<(String, Outcome)> {
    let all = metrics.metrics().into_iter();
    all.map(|metric| (metric.operation_name, metric.outcome))
        .collect()
}

#[monitored_query]
fn notes(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached("SELECT id FROM notes")?
        .query_map([], |row| row.get(0))?
        .collect()
}

#[monitored_query]
fn notes_twice(connection: &rusqlite::Connection) -> rusqlite::Result<usize> {
    Ok(notes(connection)?.len() + notes(connection)?.len())
}

#[monitored_query]
fn nothing_to_ask() -> usize {
    0
}

#[monitored_query]
fn around_nothing_to_ask() -> usize {
    nothing_to_ask()
}

fn connection() -> MonitoredConnection {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE notes (id)").unwrap();
    MonitoredConnection::new(connection).unwrap()
}

#[test]
fn an_annotated_query_names_its_statements_and_is_not_counted_twice() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    notes_twice(&connection).unwrap();
    connection.execute("DELETE FROM notes", []).unwrap();
    assert_eq!(
        names(&metrics),
        ["SELECT notes", "SELECT notes", "DELETE notes"]
    );
    let all = metrics.metrics();
    assert_eq!(all[0].fields["query_name"], "rules::statements::notes");
    assert_eq!(all[2].fields.get("query_name"), None);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.stats.total_count, 3);
    let query = |name: &str| {
        let found = snapshot
            .queries
            .iter()
            .find(|query| query.name == name)
            .unwrap();
        (found.tally.count(), found.statements)
    };
    assert_eq!(query("rules::statements::notes"), (2, 2));
    assert_eq!(query("rules::statements::notes_twice"), (1, 2));
}

#[test]
fn an_annotated_query_without_a_statement_is_one_operation_of_the_innermost() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    around_nothing_to_ask();
    assert_eq!(names(&metrics), ["rules::statements::nothing_to_ask"]);
    assert_eq!(metrics.stats().total_count, 1);
}

#[monitored_query]
fn wants_text(connection: &rusqlite::Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT 7 FROM notes", [], |row| row.get(0))
}

#[test]
fn a_query_that_fails_after_its_statement_is_kept_but_not_counted_again() {
    let metrics = pipeline(config().sampling_rate(0.0));
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute("INSERT INTO notes VALUES (1)", [])
        .unwrap();
    wants_text(&connection).unwrap_err();
    let metric = only(&metrics);
    assert_eq!(metric.operation_name, "rules::statements::wants_text");
    assert_eq!(metric.outcome, Outcome::Error("row"));
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn statements_between_each_other_keep_their_own_times_and_rows() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute_many("INSERT INTO notes VALUES (?1)", [[1], [2], [3]])
        .unwrap();
    let mut outer = connection
        .prepare("SELECT id FROM notes ORDER BY id")
        .unwrap();
    let mut rows = outer.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let id: i64 = row.get(0).unwrap();
        let same: i64 = connection
            .query_row("SELECT id FROM notes WHERE id = ?1", [id], |row| row.get(0))
            .unwrap();
        assert_eq!(id, same);
    }
    let rows: Vec<String> = metrics
        .metrics()
        .iter()
        .filter(|metric| metric.operation_name == "SELECT notes")
        .map(|metric| metric.fields["rows"].to_string())
        .collect();
    // The three inner ones end before the outer one.
    assert_eq!(rows, ["1", "1", "1", "3"]);
}

#[test]
fn a_statement_run_by_a_row_mapper_is_not_taken_for_the_one_around_it() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute("INSERT INTO notes VALUES (1)", [])
        .unwrap();
    let failed = connection.query_row("SELECT id FROM notes", [], |_| {
        // By the plain connection: only the hook sees it.
        rusqlite::Connection::execute(&connection, "DELETE FROM notes", [])?;
        Err::<(), _>(rusqlite::Error::InvalidQuery)
    });
    assert!(failed.is_err());
    let outcomes = outcomes(&metrics);
    assert_eq!(
        outcomes,
        [
            ("INSERT notes".to_owned(), Outcome::Ok),
            ("DELETE notes".to_owned(), Outcome::Ok),
            ("SELECT notes".to_owned(), Outcome::Error("error")),
        ]
    );
}

#[test]
fn a_script_has_a_record_for_each_statement_and_its_error_is_that_of_the_last() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute_batch(
            "CREATE UNIQUE INDEX one ON notes(id);
             INSERT INTO notes VALUES (1);
             INSERT INTO notes VALUES (1);
             DELETE FROM notes",
        )
        .unwrap_err();
    let outcomes = outcomes(&metrics);
    assert_eq!(
        outcomes,
        [
            ("CREATE notes".to_owned(), Outcome::Ok),
            ("INSERT notes".to_owned(), Outcome::Ok),
            (
                "INSERT notes".to_owned(),
                Outcome::Error("constraint_unique")
            ),
        ]
    );
}

#[test]
fn that_no_row_was_found_is_an_answer_and_no_error() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let found = connection().query_row("SELECT id FROM notes", [], |row| row.get::<_, i64>(0));
    assert_eq!(found, Err(rusqlite::Error::QueryReturnedNoRows));
    assert_eq!(only(&metrics).outcome, Outcome::Ok);
}

#[test]
fn rows_that_sqlite_reads_for_itself_are_not_the_statements() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute("CREATE TABLE tags (name UNIQUE)", [])
        .unwrap();
    connection
        .execute("CREATE INDEX tag ON tags(name)", [])
        .unwrap();
    connection.execute("DROP TABLE tags", []).unwrap();
    for metric in metrics.metrics() {
        assert_eq!(metric.fields["rows"], 0, "{}", metric.operation_name);
    }
}

#[test]
fn a_row_mapper_that_panics_leaves_one_record() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute("INSERT INTO notes VALUES (1)", [])
        .unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = connection.query_row("SELECT id FROM notes", [], |_| -> rusqlite::Result<()> {
            panic!("on purpose")
        });
    }));
    assert!(panicked.is_err());
    let last = metrics.metrics().pop().unwrap();
    assert_eq!(
        (last.operation_name.as_str(), last.outcome),
        ("SELECT notes", Outcome::Panic)
    );
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn a_batch_that_a_query_on_the_same_connection_feeds_is_told_apart_from_it() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute_batch("CREATE TABLE copies (id); INSERT INTO notes VALUES (1), (2)")
        .unwrap();
    let mut select = connection.prepare("SELECT id FROM notes").unwrap();
    let ids = select.query_map([], |row| row.get::<_, i64>(0)).unwrap();
    connection
        .execute_many(
            "INSERT INTO copies VALUES (?1)",
            ids.map(|id| [id.unwrap()]),
        )
        .unwrap();
    let all = metrics.metrics();
    let batch = all
        .iter()
        .find(|metric| metric.operation_name == "INSERT copies")
        .unwrap();
    assert_eq!(batch.fields["batch_size"], 2);
    let select = all
        .iter()
        .find(|metric| metric.operation_name == "SELECT notes")
        .unwrap();
    assert_eq!(select.fields.get("batch_size"), None);
    assert_eq!(select.fields["rows"], 2);
}

#[test]
fn a_statement_of_a_script_that_fails_while_it_runs_is_the_one_that_failed() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = connection();
    connection
        .execute_batch("DELETE FROM notes; INSERT INTO notes SELECT abs(-9223372036854775808); DELETE FROM notes")
        .unwrap_err();
    connection
        .execute_batch("DELETE FROM notes; nonsense")
        .unwrap_err();
    let outcomes = outcomes(&metrics);
    assert_eq!(
        outcomes,
        [
            ("DELETE notes".to_owned(), Outcome::Ok),
            ("INSERT notes".to_owned(), Outcome::Error("sql")),
            ("DELETE notes".to_owned(), Outcome::Ok),
            ("UNKNOWN".to_owned(), Outcome::Error("sql")),
        ]
    );
}

#[test]
fn a_connection_that_is_instrumented_again_counts_once() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = connection();
    starpunk_metrics::sqlite::instrument(&mut connection).unwrap();
    connection.execute("DELETE FROM notes", []).unwrap();
    assert_eq!(only(&metrics).operation_name, "DELETE notes");
}
