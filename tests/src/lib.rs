//! What the tests share: pipelines of their own, and real servers with a client on a raw socket.

#![allow(clippy::unwrap_used)]

pub mod allocations;
pub mod gate;
pub mod site;
pub mod soak;

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use starpunk_metrics::{Config, HttpMetrics, Metric, Metrics, Snapshot};

/// The settings of a test: nothing is slow by accident, and memory is not read.
pub fn config() -> Config {
    Config::default()
        .test_mode(true)
        .slow_query_threshold(Duration::from_secs(3600))
        .slow_request_threshold(Duration::from_secs(3600))
}

/// A pipeline of this test's own.
pub fn pipeline(config: Config) -> Metrics {
    Metrics::scoped(config).unwrap()
}

/// A pipeline of this test's own, and a middleware that reports to it from any thread.
pub fn measured(config: Config) -> (Metrics, HttpMetrics) {
    let metrics = pipeline(config);
    let entered = metrics.enter();
    let http = HttpMetrics::new();
    drop(entered);
    (metrics, http)
}

/// The only record that there is.
pub fn only(metrics: &Metrics) -> Metric {
    let mut all = metrics.metrics();
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// The names of all records, oldest first.
pub fn names(metrics: &Metrics) -> Vec<String> {
    let all = metrics.metrics();
    all.into_iter()
        .map(|metric| metric.operation_name)
        .collect()
}

/// Polls a future once.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// What a future is at its first poll.
pub fn ready<F: Future>(future: F) -> F::Output {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it was to be ready"),
    }
}

/// Takes snapshots until one is as `wanted`; each goes to the collector and back, so nothing is slept away.
pub fn snapshot_when(metrics: &Metrics, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let snapshot = metrics.snapshot();
        if wanted(&snapshot) {
            return snapshot;
        }
        assert!(Instant::now() < deadline, "never came: {snapshot:#?}");
        std::thread::yield_now();
    }
}

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;
