//! Requests against a real server over a raw socket: each leaves one true record, and gets its id.

#![allow(clippy::unwrap_used)]

mod context;
mod ends;
mod ids;
mod labels;

use starpunk_metrics::{HttpMetrics, Metrics};
use starpunk_metrics_tests::{config, pipeline};

/// A pipeline, and a middleware that reports to it from any thread.
fn measured() -> (Metrics, HttpMetrics) {
    let metrics = pipeline(config());
    let entered = metrics.enter();
    let http = HttpMetrics::new();
    drop(entered);
    (metrics, http)
}
