//! What a virtual table runs for itself is not the application's.

use rusqlite::Connection;
use starpunk_metrics::Outcome;
use starpunk_metrics::sqlite::instrument;
use starpunk_metrics_tests::{config, pipeline};

use crate::support::{Database, fill, run, text, told};

#[test]
fn each_kind_of_virtual_table_runs_nothing_of_the_applications() {
    for (create, query) in [
        (
            "CREATE VIRTUAL TABLE v USING rtree(id, a, b); INSERT INTO v VALUES (1, 2, 3); ANALYZE",
            "SELECT count(*) FROM v",
        ),
        (
            "CREATE VIRTUAL TABLE v USING fts3(body); INSERT INTO v VALUES ('x')",
            "SELECT count(*) FROM v",
        ),
        (
            "CREATE VIRTUAL TABLE v USING fts4(body); INSERT INTO v VALUES ('x')",
            "SELECT count(*) FROM v WHERE v MATCH 'x'",
        ),
        (
            "CREATE VIRTUAL TABLE v USING fts4(content='notes', body)",
            "SELECT count(*) FROM v",
        ),
        (
            "CREATE VIRTUAL TABLE v USING fts5(body, content='notes', content_rowid='id')",
            "SELECT count(*) FROM v",
        ),
        (
            "CREATE VIRTUAL TABLE o USING fts5(body); INSERT INTO o VALUES ('x');
             CREATE VIRTUAL TABLE v USING fts5vocab('o', 'row')",
            "SELECT count(*) FROM v",
        ),
        (
            "CREATE VIRTUAL TABLE o USING fts4(body); INSERT INTO o VALUES ('x');
             CREATE VIRTUAL TABLE v USING fts4aux(o)",
            "SELECT count(*) FROM v",
        ),
        ("", "SELECT count(*) FROM pragma_table_info('notes')"),
        ("", "SELECT count(*) FROM dbstat"),
        ("", "SELECT count(*) FROM json_each('[1,2]')"),
    ] {
        let database = Database::new();
        database.plain(0).execute_batch(create).unwrap();
        let metrics = pipeline(config());
        let _entered = metrics.enter();
        let connection = database.watched(100);
        run(&connection, query).unwrap();
        run(&connection, query).unwrap();
        let plain = told(&metrics);
        assert_eq!(plain.len(), 2, "{create}; {query}: {plain:?}");
        for (_, rows, outcome) in &plain {
            assert_eq!(
                (rows.as_str(), outcome),
                ("1", &Outcome::Ok),
                "{create}; {query}"
            );
        }
        database
            .monitored()
            .query_row(query, [], |_| Ok(()))
            .unwrap();
        let all = metrics.metrics();
        assert_eq!(all.len(), 3, "{create}; {query}: {all:?}");
        // What only the method of the wrapper knows.
        assert!(text(&all[2], "prepare_ms").is_some(), "{create}; {query}");
    }
}

#[test]
fn a_call_of_the_wrapper_tells_what_it_learnt_of_a_full_text_index() {
    let database = Database::new();
    database
        .plain(0)
        .execute_batch("CREATE VIRTUAL TABLE search USING fts5(body)")
        .unwrap();
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    database
        .monitored()
        .execute("INSERT INTO search VALUES ('x')", [])
        .unwrap();
    let fresh = database.monitored();
    let find = "SELECT count(*) FROM search WHERE search MATCH ?1";
    // A quote that is never closed.
    fresh.query_row(find, ["\"x"], |_| Ok(())).unwrap_err();
    let all = metrics.metrics();
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(text(&all[0], "rows_changed").as_deref(), Some("1"));
    assert_ne!(all[1].outcome, Outcome::Ok);
}

#[test]
fn rows_of_a_full_text_index_are_counted_where_another_cursor_began_last() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = Connection::open_in_memory().unwrap();
    fill(&connection);
    connection
        .execute_batch(
            "CREATE VIRTUAL TABLE search USING fts5(body);
             INSERT INTO search SELECT body FROM notes",
        )
        .unwrap();
    instrument(&mut connection).unwrap();
    let mut outer = connection
        .prepare(
            "SELECT body FROM (SELECT body FROM notes LIMIT 1) UNION ALL SELECT body FROM search",
        )
        .unwrap();
    let mut rows = outer.query([]).unwrap();
    rows.next().unwrap().unwrap();
    let mut other = connection.prepare("SELECT id FROM notes").unwrap();
    let mut other_rows = other.query([]).unwrap();
    other_rows.next().unwrap();
    rows.next().unwrap().unwrap();
    drop(other_rows);
    while rows.next().unwrap().is_some() {}
    let told = told(&metrics);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1].1, "11");
}
