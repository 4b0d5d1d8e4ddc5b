//! Requests against a real server over a raw socket: each leaves one true record, and gets its id.

#![allow(clippy::unwrap_used)]

mod carried;
mod client_ids;
mod context;
mod ends;
mod exclusions;
mod findings;
mod ids;
mod kept;
mod labels;
mod notes;
mod pressure;
mod server_timing;
mod soak;
mod traces;
mod trust;

use std::time::Duration;

use starpunk_metrics::{Config, HttpMetrics, Metrics};
use starpunk_metrics_tests::config;

/// As most tests here want it.
fn measured() -> (Metrics, HttpMetrics) {
    starpunk_metrics_tests::measured(config())
}

/// The same for tests that tell why a trace is kept: no poll is long by accident, as one may be on a busy machine.
fn undisturbed() -> Config {
    config().slow_poll_threshold(Duration::from_secs(3600))
}
