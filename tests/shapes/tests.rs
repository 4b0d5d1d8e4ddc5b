//! Runs each shape plain and measured, and compares what it did and what it left behind.

use starpunk_metrics::{Config, Metrics};

use crate::{Shape, SHAPES};

/// What the measured shape returned, and its records as `RECORDS` has them.
fn run_measured(shape: &Shape) -> (String, Vec<String>) {
    let metrics = Metrics::scoped(Config::default().test_mode(true)).unwrap();
    let entered = metrics.enter();
    let text = (shape.measured)();
    drop(entered);
    let within = format!("::measured::{}::", shape.name);
    let records = metrics.metrics().into_iter().map(|metric| {
        let name = metric.operation_name.as_str();
        let name = name.split_once(&within).map_or(name, |(_, name)| name);
        format!("{name} {}", metric.outcome)
    });
    (text, records.collect())
}

/// Fails once for all shapes, so that one run shows every difference.
fn compare_each(difference: impl Fn(&Shape) -> Option<String>) {
    let differences: Vec<_> = SHAPES
        .iter()
        .filter_map(|shape| Some(format!("{}: {}", shape.name, difference(shape)?)))
        .collect();
    assert!(
        differences.is_empty(),
        "{} of {} shapes differ\n{}",
        differences.len(),
        SHAPES.len(),
        differences.join("\n"),
    );
}

#[test]
fn every_shape_behaves_as_the_plain_function() {
    compare_each(|shape| {
        let (plain, (measured, _)) = ((shape.plain)(), run_measured(shape));
        let hint = format!("\n    plain    {plain}\n    measured {measured}");
        (plain != measured).then_some(hint)
    });
}

#[test]
fn every_shape_leaves_its_records() {
    compare_each(|shape| {
        let (_, records) = run_measured(shape);
        let hint = format!(
            "\n    expected {:?}\n    recorded {records:?}",
            shape.records
        );
        (records != shape.records).then_some(hint)
    });
}
