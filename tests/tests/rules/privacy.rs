//! Rule 6: no bound parameter and no literal of SQL is ever recorded.

use std::time::Duration;

use starpunk_metrics::get_snapshot;
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics_tests::{config, pipeline};

const MARKER: &str = "hunter2";

#[test]
fn a_marker_in_sql_parameters_and_errors_is_found_nowhere() {
    let metrics = pipeline(config().slow_query_threshold(Duration::from_nanos(1)));
    let _entered = metrics.enter();
    let connection = MonitoredConnection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE notes (body TEXT UNIQUE); -- hunter2 in a comment\n")
        .unwrap();
    for sql in [
        "INSERT INTO notes VALUES ('hunter2')",
        "INSERT INTO notes VALUES ('hunter2')",
        "SELECT * FROM notes WHERE body = \"hunter2\"",
        "SELECT * FROM notes /* hunter2 */ WHERE body = 'x''hunter2'",
        "SELECT x'68756e74657232', 'C:\\', 'hunter2' FROM notes",
        "PRAGMA key = hunter2",
        "PRAGMA key = 'hunter2'",
        "ATTACH ':memory:' AS hunter2",
        "SELECT hunter2 FROM",
        "SELECT count(*) WHERE 'it's a letter FROM hunter2' IS NOT NULL",
        "UPDATE hunter2 SET body = 1",
        "hunter2",
    ] {
        let _ = connection.query_row(sql, [], |_| Ok(()));
    }
    connection
        .execute("INSERT INTO notes VALUES (?1)", [format!("more {MARKER}")])
        .unwrap();
    let records = metrics.metrics();
    assert!(records.len() >= 10);
    assert!(!format!("{records:?}").contains(MARKER), "{records:#?}");
    assert!(!get_snapshot().to_json().contains(MARKER));
    assert!(!format!("{:?}", get_snapshot()).contains(MARKER));
}
