//! Which records are kept: `forced`, `sample` and `slow`, whatever the configuration says.

use std::time::Duration;

use starpunk_metrics::{Metrics, OperationType, monitored_query, track_business};
use starpunk_metrics_tests::{config, pipeline};

#[monitored_query("ordinary")]
fn ordinary() {}

#[monitored_query("forced", forced)]
fn forced() {}

#[monitored_query("half", sample = 0.5)]
fn half() {}

#[monitored_query("all", sample = 1)]
fn all() {}

#[track_business("business")]
fn business() {}

#[track_business("rare", sample = 0.0)]
fn rare(fails: bool) -> Result<(), ()> {
    if fails { Err(()) } else { Ok(()) }
}

#[track_business("said twice", forced)]
fn said_twice() {}

#[monitored_query("slow", slow = "1ns")]
fn slow() {
    std::hint::black_box(vec![0; 100]);
}

#[monitored_query("with fields", fields(one = 1))]
fn with_fields(connection: &rusqlite::Connection) {
    connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
}

fn kept(metrics: &Metrics, name: &str) -> usize {
    let all = metrics.metrics();
    all.iter()
        .filter(|metric| metric.operation_name == name)
        .count()
}

#[test]
fn the_annotation_decides_what_is_kept_and_everything_is_counted() {
    let metrics = pipeline(config().sampling_rate(0.0).buffer_size(10_000));
    let _entered = metrics.enter();
    for _ in 0..1_000 {
        ordinary();
        forced();
        half();
        all();
        business();
        rare(false).unwrap();
        said_twice();
        slow();
    }
    rare(true).unwrap_err();
    let kept = |name| kept(&metrics, name);
    assert_eq!(kept("ordinary"), 0);
    assert_eq!(kept("forced"), 1_000);
    assert_eq!(kept("all"), 1_000);
    assert_eq!(kept("business"), 1_000);
    assert_eq!(kept("said twice"), 1_000);
    assert_eq!(kept("slow"), 1_000);
    assert_eq!(kept("rare"), 1, "the one that failed");
    // Eight standard deviations.
    assert!((374..=626).contains(&kept("half")), "{}", kept("half"));
    let snapshot = metrics.snapshot();
    for name in ["ordinary", "forced", "half", "all", "slow"] {
        assert_eq!(snapshot.count(OperationType::Database, name), 1_000);
    }
    assert_eq!(snapshot.count(OperationType::Render, "rare"), 1_001);
    let slow = snapshot.operation(OperationType::Database, "slow").unwrap();
    assert_eq!(slow.tally.slow(), 1_000);
}

#[test]
fn a_sampled_annotation_keeps_less_than_the_configuration() {
    let metrics = pipeline(config().buffer_size(10_000));
    let _entered = metrics.enter();
    for _ in 0..1_000 {
        half();
    }
    let kept = kept(&metrics, "half");
    assert!((374..=626).contains(&kept), "{kept}");
}

#[test]
fn a_query_that_was_given_fields_has_a_record_beside_its_statements() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    starpunk_metrics::sqlite::instrument(&mut connection).unwrap();
    with_fields(&connection);
    assert_eq!(metrics.stats().total_count, 1, "the statement");
    let all = metrics.metrics();
    let record = all
        .iter()
        .find(|metric| metric.operation_name == "with fields");
    assert_eq!(record.unwrap().fields["one"], 1);
}

#[test]
fn a_threshold_of_the_annotation_wins_over_the_configuration() {
    let metrics = pipeline(config().slow_query_threshold(Duration::from_nanos(1)));
    let _entered = metrics.enter();
    ordinary();
    #[monitored_query("patient", slow = "1m")]
    fn patient() {}
    patient();
    let snapshot = metrics.snapshot();
    let slow = |name| {
        let series = snapshot.operation(OperationType::Database, name);
        series.unwrap().tally.slow()
    };
    assert_eq!((slow("ordinary"), slow("patient")), (1, 0));
}
