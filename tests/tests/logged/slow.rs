//! The warning for each slow statement.

use std::time::Duration;

use actix_web::{App, web};
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{RequestId, monitored_query};
use starpunk_metrics_tests::{config, measured, pipeline, serve, snapshot_when};

use crate::log::{lines, write_log};

#[monitored_query(slow = "1ns")]
fn told(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'one by one'",
        [],
        |row| row.get(0),
    )
}

async fn handler() -> String {
    let connection = MonitoredConnection::open_in_memory().unwrap();
    assert_eq!(told(&connection).unwrap(), 0);
    RequestId::current().unwrap().to_string()
}

#[test]
fn a_slow_statement_is_told_with_its_request_and_its_function() {
    write_log();
    let (metrics, http) = measured(config());
    let site = serve!(
        App::new()
            .route("/", web::get().to(handler))
            .wrap(http.clone())
    );
    let id = site.get("/").text().to_owned();
    snapshot_when(&metrics, |snapshot| !snapshot.routes.is_empty());
    let mut lines = lines(&id);
    // With the feature `tracing` the request is told too.
    lines.retain(|line| line.contains("slow statement"));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    for part in [
        "WARN",
        "starpunk_metrics",
        "slow statement",
        "duration_ms=",
        "statement=\"SELECT count(*) FROM sqlite_schema WHERE name = ?\"",
        "rows=1",
        "function=\"logged::slow::told\"",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
}

#[test]
fn a_flood_of_slow_statements_is_a_few_lines_and_a_number() {
    write_log();
    let metrics = pipeline(config().slow_query_threshold(Duration::from_nanos(1)));
    let _entered = metrics.enter();
    let connection = MonitoredConnection::open_in_memory().unwrap();
    for _ in 0..1_000 {
        connection
            .query_row("SELECT 'flood' AS flood", [], |_| Ok(()))
            .unwrap();
    }
    assert!(metrics.flush());
    let told = lines("SELECT ? AS flood").len();
    // Five a second; the machine may be slow.
    assert!((5..=50).contains(&told), "{told}");
    assert_eq!(metrics.snapshot().statements()[0].tally.slow(), 1_000);
}
