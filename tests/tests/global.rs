//! The process's own pipeline. There is one, so its whole life is one test, in a process of its own.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::time::Duration;

use rusqlite::Connection;
use starpunk_metrics::sqlite::instrument;
use starpunk_metrics::{
    Config, Error, Metrics, OperationType, business, get_metrics, get_metrics_stats, get_snapshot,
    track_business,
};
use starpunk_metrics_tests::config;

struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        business::track_cache_hit("last words");
        say("last words");
    }
}

#[track_business("said", fields(length = words.len()))]
fn say(words: &str) -> usize {
    words.len()
}

thread_local! {
    static LAST_WORDS: LastWords = const { LastWords };
    static DATABASE: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// A thread with a connection of its own, which goes after all that the library has there.
fn use_own_connection() {
    DATABASE.with_borrow_mut(|database| {
        let mut connection = Connection::open_in_memory().unwrap();
        instrument(&mut connection).unwrap();
        connection.execute_batch("BEGIN; COMMIT").unwrap();
        *database = Some(connection);
    });
}

#[test]
fn the_process_has_one_pipeline_from_start_to_shutdown() {
    // Nothing was started: everything is empty.
    business::track_cache_hit("feed");
    assert!(get_metrics().is_empty());
    assert_eq!(get_metrics_stats().max_size, 0);

    let metrics = Metrics::start(config()).unwrap();
    business::track_cache_hit("feed");
    std::thread::spawn(|| business::track_cache_miss("feed"))
        .join()
        .unwrap();
    assert_eq!(get_metrics().len(), 2);
    assert_eq!(get_metrics_stats().total_count, 2);
    assert_eq!(get_snapshot().count(OperationType::Render, "cache_miss"), 1);

    // What a thread records while it ends is counted, or counted as lost.
    std::thread::spawn(|| {
        LAST_WORDS.with(|_| ());
        business::track_cache_hit("feed");
    })
    .join()
    .unwrap();
    let stats = metrics.stats();
    assert_eq!(stats.total_count + stats.dropped, 5);

    // What has nothing to record as its thread ends has nothing to lose.
    std::thread::spawn(use_own_connection).join().unwrap();
    let stats = metrics.stats();
    assert_eq!(stats.total_count + stats.dropped, 5 + 2);
    let before = stats.total_count;

    // Started twice is a clear error, and the first goes on.
    let error = Metrics::start(config()).unwrap_err();
    assert!(matches!(error, Error::AlreadyStarted));
    assert!(error.to_string().contains("keep the first `Metrics`"));
    business::track_cache_hit("feed");
    assert_eq!(metrics.stats().total_count, before + 1);

    // A scoped one beside it takes what is its own.
    let scoped = Metrics::scoped(config()).unwrap();
    {
        let _entered = scoped.enter();
        business::track_cache_hit("feed");
        assert_eq!(get_metrics_stats().total_count, 1);
    }
    assert_eq!(get_metrics_stats().total_count, before + 1);

    // Dropping collects the rest and ends it; then another may start.
    drop(metrics);
    assert!(get_metrics().is_empty());
    let again = Metrics::start(config().buffer_size(5)).unwrap();
    for note in 0..9 {
        business::track_note_created(note, 1);
    }
    let report = again.shutdown(Duration::from_secs(5));
    assert_eq!(
        (report.flushed, report.dropped, report.timed_out),
        (9, 0, false)
    );
    business::track_cache_hit("feed");
    assert!(get_metrics().is_empty());

    // Switched off, it is no pipeline: it does not stand in the way of one.
    let off = Metrics::start(Config::default().enabled(false)).unwrap();
    let on = Metrics::start(config()).unwrap();
    business::track_cache_hit("feed");
    assert_eq!(on.stats().total_count, 1);
    drop(off);
    assert_eq!(on.stats().total_count, 1);
}
