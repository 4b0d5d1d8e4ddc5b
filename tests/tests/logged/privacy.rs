//! Rule 6: no bound parameter and no literal of SQL is ever recorded, logged, shown or exported.

use std::time::Duration;

use rusqlite::Connection;
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{Metrics, monitored_query};
use starpunk_metrics_tests::{config, pipeline};

use crate::log::{lines, write_log};

/// A password, for who asks.
const MARKER: &str = "hunter2";

/// Everything that a database can be told, with the marker wherever a value, a comment or a path may stand.
const TEXTS: &[&str] = &[
    "INSERT INTO notes VALUES ('hunter2', 1)",
    "INSERT INTO notes VALUES ('hunter2', 1)",
    "INSERT INTO notes (body, n) VALUES ('x', 1), ('hunter2', 2), (\"hunter2\", 3)",
    "SELECT * FROM notes WHERE body = 'hunter2'",
    "SELECT * FROM notes WHERE body = \"hunter2\"",
    "SELECT * FROM notes WHERE body IN (\"hunter2\", 'hunter2', \"other\")",
    "SELECT \"hunter2\"",
    "SELECT \"hunter2\" FROM notes",
    "SELECT upper(\"hunter2\"), length('hunter2') FROM notes",
    "SELECT 1 \"hunter2\"",
    "SELECT 1 AS 'hunter2' FROM notes AS 'hunter2'",
    "SELECT count(*) FROM notes 'hunter2' WHERE n = 1",
    "SELECT body FROM notes ORDER BY \"hunter2\"",
    "SELECT body FROM notes GROUP BY 'hunter2' HAVING 'hunter2' < \"hunter2\"",
    "SELECT CASE body WHEN 'hunter2' THEN \"hunter2\" ELSE x'68756e746572320068756e74657232' END FROM notes",
    "SELECT * FROM notes WHERE body LIKE '%hunter2%' ESCAPE '\\'",
    "SELECT * FROM notes WHERE body = 'C:\\' AND body = 'hunter2'",
    "SELECT * FROM notes WHERE body = 'it''s hunter2'",
    "SELECT * FROM notes /* hunter2 */ WHERE body = 'x' -- hunter2",
    "-- hunter2\nSELECT * FROM notes",
    "/* hunter2 /* hunter2 */ SELECT * FROM notes",
    "SELECT * FROM notes WHERE body = :hunter2 OR body = @hunter2 OR body = $hunter2::x(hunter2)",
    "SELECT json_extract('{\"hunter2\": 1}', '$.hunter2'), '{}' -> 'hunter2' ->> 'hunter2'",
    "PRAGMA key = hunter2",
    "PRAGMA key = 'hunter2'",
    "PRAGMA main.rekey(\"hunter2\")",
    "pragma  KEY=hunter2",
    "PRAGMA cache_size = -2000",
    "ATTACH ':memory:' AS other",
    "ATTACH 'file:hunter2?mode=memory' AS another KEY 'hunter2'",
    "ATTACH DATABASE \"hunter2\" || '.db' AS third",
    "VACUUM INTO 'no/such/folder/hunter2.db'",
    "CREATE TABLE more (a DEFAULT 'hunter2', b CHECK (b <> \"hunter2\"))",
    "CREATE VIRTUAL TABLE search USING fts5(body, tokenize = 'porter hunter2')",
    "CREATE TRIGGER kept AFTER DELETE ON notes BEGIN SELECT RAISE(ABORT, 'hunter2'); END",
    "DELETE FROM notes WHERE body = 'hunter2'",
    "UPDATE notes SET body = 'hunter2', n = \"hunter2\" WHERE body <> 'hunter2'",
    "WITH c (v) AS (VALUES ('hunter2')) SELECT v FROM c WHERE v = 'hunter2'",
    "EXPLAIN QUERY PLAN SELECT * FROM notes WHERE body = 'hunter2'",
    "SAVEPOINT one",
    "RELEASE one",
    // What cannot be prepared: of that nothing is known.
    "SELECT hunter2 FROM",
    "SELECT count(*) WHERE 'it's a letter FROM hunter2' IS NOT NULL",
    "SELECT hunter2 FROM notes",
    "UPDATE hunter2 SET body = 1",
    "SELECT * FROM notes WHERE body = 'hunter2",
    "SELECT * FROM notes WHERE body = \"hunter2",
    "hunter2",
    "SELECT 1; SELECT 'hunter2'",
];

#[monitored_query]
fn ask(connection: &Connection, sql: &str) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.raw_query().mapped(|_| Ok(())).count();
    Ok(rows)
}

fn all_of(metrics: &Metrics) -> Vec<(&'static str, String)> {
    let snapshot = metrics.snapshot();
    vec![
        ("record", format!("{:?}", metrics.metrics())),
        ("snapshot", format!("{snapshot:?}")),
        ("export", snapshot.to_json()),
        ("log", lines("").join("\n")),
    ]
}

#[test]
fn a_marker_in_sql_parameters_paths_and_errors_is_found_nowhere() {
    write_log();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hunter2.db");
    // All are slow, so all are warned of, and have their plans asked for.
    let settings = config()
        .slow_query_threshold(Duration::from_nanos(1))
        .buffer_size(10_000);
    let metrics = pipeline(settings);
    let _entered = metrics.enter();
    let monitored = MonitoredConnection::open(&path).unwrap();
    monitored
        .execute_batch("CREATE TABLE notes (body TEXT UNIQUE, n INTEGER); -- hunter2\n")
        .unwrap();
    let mut plain = Connection::open(&path).unwrap();
    instrument(&mut plain).unwrap();
    for sql in TEXTS {
        let _ = monitored.query_row(sql, [], |_| Ok(()));
        let _ = monitored.execute(sql, [MARKER]);
        let _ = monitored.execute_batch(sql);
        let _ =
            monitored.query_row_and_then(sql, [], |_| Err::<(), _>(rusqlite::Error::InvalidQuery));
        let _ = ask(&monitored, sql);
        let _ = ask(&plain, sql);
        assert!(metrics.flush());
    }
    monitored
        .execute_many(
            "INSERT INTO notes VALUES (?1, ?2)",
            [(MARKER, 7), ("hunter22", 8)],
        )
        .unwrap_err();
    assert!(metrics.stats().total_count > 200);
    for (place, text) in all_of(&metrics) {
        assert!(text.contains("notes"), "{place} tells something");
        let found = text.find(MARKER).map(|at| {
            let start = text.floor_char_boundary(at.saturating_sub(200));
            let end = text.ceil_char_boundary((at + 100).min(text.len()));
            &text[start..end]
        });
        assert_eq!(found, None, "in a {place}");
    }
}
