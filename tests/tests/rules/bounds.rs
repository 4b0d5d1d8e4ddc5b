//! Rules 5 and 7: labels have bounded values, and every buffer a bound.

use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{OperationType, Value, business};
use starpunk_metrics_tests::{config, only, pipeline};

#[test]
fn tables_beyond_the_cap_share_one_series() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let plain = rusqlite::Connection::open_in_memory().unwrap();
    for number in 0..1_500 {
        plain
            .execute_batch(&format!("CREATE TABLE t{number} (id)"))
            .unwrap();
    }
    let connection = MonitoredConnection::new(plain).unwrap();
    for number in 0..1_500 {
        let sql = format!("SELECT * FROM t{number}");
        let _ = connection.query_row(&sql, [], |_| Ok(()));
    }
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.operations.len(), 1_001);
    assert_eq!(snapshot.count(OperationType::Database, "OTHER"), 500);
    assert_eq!(snapshot.stats.total_count, 1_500);
    assert!(snapshot.names_refused >= 500);
}

#[test]
fn names_in_any_case_are_one_series() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = MonitoredConnection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE notes (id)").unwrap();
    for sql in [
        "SELECT * FROM notes",
        "select * from NOTES",
        "SELECT * FROM \"Notes\"",
    ] {
        let _ = connection.query_row(sql, [], |_| Ok(()));
    }
    assert_eq!(
        metrics
            .snapshot()
            .count(OperationType::Database, "SELECT notes"),
        3
    );
}

#[test]
fn text_in_a_record_is_cut() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    business::track_note_deleted("x".repeat(1_000_000));
    let note = only(&metrics).fields["note"].to_string();
    assert_eq!(note.len(), Value::MAX_TEXT_BYTES);
}
