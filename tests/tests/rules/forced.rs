//! Rule 3: forced means kept.

use std::time::Duration;

use starpunk_metrics::{business, monitored_query, track_business};
use starpunk_metrics_tests::{config, names, pipeline};

#[monitored_query("ordinary")]
fn ordinary() {}

#[monitored_query("failing")]
fn failing() -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

#[monitored_query(name = "slow by its own measure", slow = "1ns")]
fn slow_by_its_own_measure() {}

#[track_business]
fn business_of_a_path() {}

#[test]
fn business_slow_and_failed_operations_are_kept_without_sampling() {
    let metrics = pipeline(config().sampling_rate(0.0));
    let _entered = metrics.enter();
    ordinary();
    let _ = failing();
    slow_by_its_own_measure();
    business_of_a_path();
    business::track_cache_miss("feed");
    assert_eq!(
        names(&metrics),
        [
            "failing",
            "slow by its own measure",
            "rules::forced::business_of_a_path",
            "cache_miss"
        ]
    );
    assert!(metrics.metrics().iter().all(|metric| metric.forced));
}

#[test]
fn a_flood_of_ordinary_operations_does_not_push_the_one_slow_query_out() {
    let metrics = pipeline(config().buffer_size(10));
    let _entered = metrics.enter();
    slow_by_its_own_measure();
    for _ in 0..10_000 {
        ordinary();
    }
    let kept = names(&metrics);
    assert_eq!(kept.len(), 11);
    assert_eq!(kept[0], "slow by its own measure");
}

#[test]
fn the_threshold_of_the_configuration_decides_where_no_other_is_given() {
    let settings = config()
        .sampling_rate(0.0)
        .slow_query_threshold(Duration::from_nanos(1));
    let metrics = pipeline(settings);
    let _entered = metrics.enter();
    ordinary();
    assert_eq!(names(&metrics), ["ordinary"]);
}

#[test]
fn each_buffer_keeps_the_newest_oldest_first() {
    let metrics = pipeline(config().buffer_size(3));
    let _entered = metrics.enter();
    for note in 0..10 {
        business::track_note_deleted(note);
    }
    let kept: Vec<String> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.fields["note"].to_string())
        .collect();
    assert_eq!(kept, ["7", "8", "9"]);
    assert_eq!(metrics.stats().max_size, 3);
}
