//! A recursion counts each call, and the time of the outermost once.

use std::pin::Pin;
use std::time::Duration;

use starpunk_metrics::{Metrics, OperationType, Tally, monitored_query, track_business};
use starpunk_metrics_tests::{config, pipeline, ready};

#[track_business("descends")]
fn descend(depth: u32) -> u32 {
    if depth == 0 {
        0
    } else {
        1 + descend(depth - 1)
    }
}

#[track_business("even")]
fn is_even(number: u32) -> bool {
    number == 0 || is_odd(number - 1)
}

#[track_business("odd")]
fn is_odd(number: u32) -> bool {
    number != 0 && is_even(number - 1)
}

#[track_business("descends later")]
async fn descend_later(depth: u32) -> u32 {
    if depth == 0 {
        return 0;
    }
    1 + Box::pin(descend_later(depth - 1)).await
}

#[track_business("boxed")]
fn descend_boxed(depth: u32) -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(async move {
        if depth == 0 {
            0
        } else {
            1 + descend_boxed(depth - 1).await
        }
    })
}

#[monitored_query("queries")]
fn query(depth: u32) -> u32 {
    if depth == 0 { 0 } else { 1 + query(depth - 1) }
}

fn tally(metrics: &Metrics, name: &str) -> Tally {
    let snapshot = metrics.snapshot();
    let series = snapshot.operation(OperationType::Render, name);
    series.unwrap().tally.clone()
}

fn longest(metrics: &Metrics, name: &str) -> Duration {
    let all = metrics.metrics();
    let of = all.iter().filter(|metric| metric.operation_name == name);
    of.map(|metric| metric.duration).max().unwrap()
}

#[test]
fn the_time_of_a_recursion_is_that_of_its_outermost_call() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(descend(9), 9);
    assert_eq!(ready(descend_later(9)), 9);
    assert_eq!(ready(descend_boxed(9)), 9);
    for name in ["descends", "descends later", "boxed"] {
        let tally = tally(&metrics, name);
        assert_eq!((tally.count(), tally.nested()), (10, 9), "{name}");
        assert_eq!(tally.total(), longest(&metrics, name), "{name}");
        assert_eq!(tally.mean(), tally.max());
        assert_eq!(tally.histogram().count(), 10);
    }
}

#[test]
fn two_functions_that_call_each_other_have_a_time_each() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert!(is_even(4));
    for (name, count) in [("even", 3), ("odd", 2)] {
        let tally = tally(&metrics, name);
        assert_eq!((tally.count(), tally.nested()), (count, count - 1));
        assert_eq!(tally.total(), longest(&metrics, name));
    }
}

#[test]
fn calls_one_after_another_are_no_recursion() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    descend(0);
    descend(0);
    let both = std::thread::scope(|scope| {
        let metrics = &metrics;
        let other = scope.spawn(|| {
            let _entered = metrics.enter();
            descend(0)
        });
        descend(0) + other.join().unwrap()
    });
    assert_eq!(both, 0);
    let tally = tally(&metrics, "descends");
    assert_eq!((tally.count(), tally.nested()), (4, 0));
}

#[test]
fn a_recursive_query_is_one_operation_of_the_innermost() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(query(4), 4);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.count(OperationType::Database, "queries"), 1);
    let calls = &snapshot.queries[0].tally;
    assert_eq!((calls.count(), calls.nested()), (5, 4));
    assert_eq!(calls.total(), calls.max());
}
