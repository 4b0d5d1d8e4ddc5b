//! What a pipeline takes while nothing happens.

use std::thread;
use std::time::Instant;

use benches::{Goal, clock, seconds};
use rusqlite::Connection;
use starpunk_metrics::{Config, Metrics, sqlite, track_business};

/// `BENCH_IDLE_SECONDS` makes it shorter.
const SECONDS: u64 = 60;

/// Of one core.
const GOAL: f64 = 0.001;

#[track_business("before")]
fn event() {}

/// Waits, and returns what it says of the goal. Nothing else may run in the process.
pub(crate) fn measure() -> Goal {
    // As it is in an application that has done something: with its memory watched, series, and full buffers.
    let metrics = Metrics::start(Config::default()).expect("nothing was started");
    let mut connection = Connection::open_in_memory().expect("memory is there");
    sqlite::instrument(&mut connection).expect("it takes a hook");
    for shape in 0..200 {
        let sql = format!("SELECT 1 AS column_{shape}");
        let value = connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
        assert_eq!(value, Ok(1));
    }
    (0..10_000).for_each(|_| event());
    metrics.flush();
    let (before, start) = (clock::own(), Instant::now());
    thread::sleep(seconds("BENCH_IDLE_SECONDS", SECONDS));
    let (took, waited) = (clock::own() - before, start.elapsed());
    let share = took.as_secs_f64() / waited.as_secs_f64();
    metrics.shutdown(waited);
    Goal::new(
        "idle CPU",
        "0.1% of a core",
        format_args!("{:.4}% ({took:.1?} in {waited:.0?})", 100.0 * share),
        share <= GOAL,
    )
}
