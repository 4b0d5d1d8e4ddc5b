//! Runs the same cached point SELECT many times, with the hook or without: for a profiler to count instructions.

use rusqlite::Connection;
use starpunk_metrics::{Config, Metrics};

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let metrics = Metrics::start(Config::default().test_mode(true)).expect("nothing was started");
    let mut connection = Connection::open_in_memory().expect("memory is there");
    connection
        .execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO notes VALUES (7, 'x')")
        .expect("this is SQL");
    if mode == "hook" {
        starpunk_metrics::sqlite::instrument(&mut connection).expect("it takes a hook");
    }
    let times = std::env::args()
        .nth(2)
        .and_then(|times| times.parse().ok())
        .unwrap_or(10_000);
    for _ in 0..times {
        let id = connection
            .prepare_cached("SELECT id FROM notes WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([7], |row| row.get::<_, i64>(0)))
            .expect("the note is there");
        assert_eq!(id, 7);
    }
    metrics.flush();
}
