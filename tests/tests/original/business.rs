use std::time::Duration;

use starpunk_metrics::{Metric, OperationType, business};
use starpunk_metrics_tests::{config, only, pipeline};

/// The record of one event, of a pipeline that keeps only what it must.
fn recorded(track: impl FnOnce()) -> Metric {
    let metrics = pipeline(config().sampling_rate(0.0));
    let _entered = metrics.enter();
    track();
    let metric = only(&metrics);
    assert!(metric.forced);
    assert_eq!(metric.operation_type, OperationType::Render);
    assert_eq!(metric.operation_type.as_str(), "render");
    metric
}

#[test]
fn a_created_note_is_tracked() {
    let metric = recorded(|| business::track_note_created(7, 120));
    assert_eq!(metric.operation_name, "note_created");
    assert_eq!(metric.fields["note"], 7);
    assert_eq!(metric.fields["content_length"], 120);
}

#[test]
fn an_updated_note_is_tracked() {
    let metric = recorded(|| business::track_note_updated("first-note", 80));
    assert_eq!(metric.operation_name, "note_updated");
    assert_eq!(metric.fields["note"], "first-note");
}

#[test]
fn a_deleted_note_is_tracked() {
    let metric = recorded(|| business::track_note_deleted("first-note"));
    assert_eq!(metric.operation_name, "note_deleted");
}

#[test]
fn a_generated_feed_is_tracked_with_its_time() {
    let took = Duration::from_micros(12_500);
    let metric = recorded(|| business::track_feed_generated("rss", 20, took, false));
    assert_eq!(metric.operation_name, "feed_generated");
    assert_eq!(metric.duration, took);
    assert_eq!(metric.duration_ms(), 12.5);
    assert_eq!(metric.fields["format"], "rss");
    assert_eq!(metric.fields["items"], 20);
    assert_eq!(metric.fields["cached"], false);
}

#[test]
fn a_cache_hit_is_tracked() {
    let metric = recorded(|| business::track_cache_hit("feed"));
    assert_eq!(metric.operation_name, "cache_hit");
    assert_eq!(metric.fields["cache"], "feed");
}

#[test]
fn a_cache_miss_is_tracked() {
    let metric = recorded(|| business::track_cache_miss("feed"));
    assert_eq!(metric.operation_name, "cache_miss");
}
