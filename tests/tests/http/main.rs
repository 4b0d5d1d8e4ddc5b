//! Requests against a real server over a raw socket: each leaves one true record, and gets its id.

#![allow(clippy::unwrap_used)]

mod bodies;
mod carried;
mod client_ids;
mod connections;
mod context;
mod departures;
mod ends;
mod errors;
mod exclusions;
mod findings;
mod gauges;
mod ids;
mod kept;
mod labels;
mod notes;
mod outsiders;
mod panics;
mod parity;
mod placement;
mod pressure;
mod reach;
mod recycled;
mod server_timing;
mod sessions;
mod soak;
mod specimens;
mod traces;
mod trust;

use std::time::Duration;

use starpunk_metrics::{Config, HttpMetrics, Metric, Metrics};
use starpunk_metrics_tests::{config, snapshot_when};

/// As most tests here want it.
fn measured() -> (Metrics, HttpMetrics) {
    starpunk_metrics_tests::measured(config())
}

/// The same for tests that tell why a trace is kept: no poll is long by accident, as one may be on a busy machine.
fn undisturbed() -> Config {
    config().slow_poll_threshold(Duration::from_secs(3600))
}

/// The record of the request that ended last.
fn last(metrics: &Metrics) -> Metric {
    metrics.metrics().pop().unwrap()
}

/// The only record, of a request whose end nobody is told of.
fn ended(metrics: &Metrics) -> Metric {
    snapshot_when(metrics, |snapshot| {
        snapshot.requests_in_flight == 0 && snapshot.stats.total_count == 1
    });
    starpunk_metrics_tests::only(metrics)
}
