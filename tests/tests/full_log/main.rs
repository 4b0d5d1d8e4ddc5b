//! A log that panics. A process has one log, so this has a process of its own.

#![allow(clippy::unwrap_used)]

use std::io;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use starpunk_metrics::Snapshot;
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics_tests::{config, pipeline, snapshot_when};

/// Panics at the first two lines, that of an event and that of the restart, and takes all others.
struct Full;

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        static REFUSED: AtomicU32 = AtomicU32::new(0);
        assert!(REFUSED.fetch_add(1, SeqCst) >= 2, "the log is full");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn statements(snapshot: &Snapshot) -> u64 {
    let statements = snapshot.statements();
    let counts = statements.iter().map(|statement| statement.tally.count());
    counts.sum()
}

#[test]
fn a_thread_goes_on_being_collected_after_the_log_of_one_of_its_events_has_panicked() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(|| Full)
        .init();
    // Every statement is slow, and the first is logged.
    let metrics = pipeline(config().slow_query_threshold(Duration::from_nanos(1)));
    let _entered = metrics.enter();
    let connection = MonitoredConnection::open_in_memory().unwrap();
    let ask = || connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
    ask();
    let restarted = snapshot_when(&metrics, |snapshot| snapshot.collector.restarts == 1);
    for _ in 0..10 {
        ask();
    }
    let after = metrics.snapshot();
    assert_eq!(statements(&after) - statements(&restarted), 10);
    assert_eq!(after.collector.restarts, 1);
}
