//! Requests against a real server over a raw socket: each leaves one true record, and gets its id.

#![allow(clippy::unwrap_used)]

mod context;
mod ends;
mod ids;
mod labels;
mod soak;

use starpunk_metrics::{HttpMetrics, Metrics};
use starpunk_metrics_tests::config;

/// As most tests here want it.
fn measured() -> (Metrics, HttpMetrics) {
    starpunk_metrics_tests::measured(config())
}
