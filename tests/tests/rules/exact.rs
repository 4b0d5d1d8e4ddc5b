//! Rule 2: counts are exact at any sampling rate, and under any pressure.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use starpunk_metrics::{
    DropReason, Metrics, OperationType, business, monitored_query, track_business,
};
use starpunk_metrics_tests::{config, pipeline};

#[monitored_query("quick")]
fn quick() {}

#[track_business("sold")]
fn sold() {}

const THREADS: usize = 8;
const CALLS: u64 = 100_000;

/// Runs `work` on eight threads at once.
fn flood(metrics: &Metrics, work: impl Fn(u64) + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let _entered = metrics.enter();
                (0..CALLS).for_each(&work);
            });
        }
    });
}

#[test]
fn with_a_rate_of_zero_every_operation_is_counted_and_only_forced_ones_are_kept() {
    let metrics = pipeline(config().sampling_rate(0.0));
    let _entered = metrics.enter();
    for _ in 0..100 {
        quick();
    }
    sold();
    let stats = metrics.stats();
    assert_eq!(stats.total_count, 101);
    assert_eq!(stats.forced_count, 1);
    assert_eq!(stats.buffered_count, 1);
    assert_eq!(stats.by_type[&OperationType::Database].count, 100);
    assert_eq!(metrics.metrics()[0].operation_name, "sold");
}

#[test]
fn a_rate_between_keeps_about_its_share() {
    let metrics = pipeline(config().sampling_rate(0.1).buffer_size(100_000));
    let _entered = metrics.enter();
    for _ in 0..10 {
        (0..5_000).for_each(|_| quick());
        // So that the channel is never full, in which ordinary records would be dropped.
        assert!(metrics.flush());
    }
    let stats = metrics.stats();
    assert_eq!(stats.total_count, 50_000);
    // Eight standard deviations around 5,000.
    assert!(
        (4_460..5_540).contains(&stats.buffered_count),
        "{}",
        stats.buffered_count
    );
}

#[test]
fn eight_threads_of_a_hundred_thousand_calls_are_counted_exactly() {
    let metrics = pipeline(config());
    flood(&metrics, |_| quick());
    assert!(metrics.flush());
    let snapshot = metrics.snapshot();
    let quick = snapshot
        .operation(OperationType::Database, "quick")
        .unwrap();
    assert_eq!(quick.tally.count(), THREADS as u64 * CALLS);
    assert_eq!(quick.tally.histogram().count(), THREADS as u64 * CALLS);
    assert_eq!(snapshot.stats.total_count, THREADS as u64 * CALLS);
}

#[test]
fn no_forced_event_is_missing_after_a_flood_of_ordinary_ones() {
    let metrics = pipeline(config());
    flood(&metrics, |call| {
        quick();
        if call % 10_000 == 0 {
            business::track_note_created(call, 1);
        }
    });
    let created: Vec<_> = metrics
        .metrics()
        .into_iter()
        .filter(|metric| metric.operation_name == "note_created")
        .collect();
    assert_eq!(
        created.len(),
        80,
        "dropped: {:?}",
        metrics.snapshot().dropped
    );
    for call in (0..CALLS).step_by(10_000) {
        let same = created
            .iter()
            .filter(|metric| metric.fields["note"] == call);
        assert_eq!(same.count(), THREADS);
    }
    let stats = metrics.stats();
    assert_eq!(stats.total_count, THREADS as u64 * CALLS + 80);
    assert_eq!(stats.forced_count, 80);
}

/// A thread that goes on recording while others look, and how many calls it has finished.
fn while_recording(metrics: &Metrics, look: impl FnOnce(&AtomicU64)) {
    let finished = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _entered = metrics.enter();
            while !stop.load(SeqCst) {
                sold();
                finished.fetch_add(1, SeqCst);
            }
        });
        look(&finished);
        stop.store(true, SeqCst);
    });
}

#[test]
fn an_answer_has_what_was_recorded_before_it_also_by_threads_that_go_on() {
    let metrics = pipeline(config());
    while_recording(&metrics, |finished| {
        for _ in 0..2_000 {
            let before = finished.load(SeqCst);
            let counted = metrics.stats().total_count;
            assert!(counted >= before, "{counted} of {before}");
        }
    });
}

#[test]
fn a_shutdown_report_accounts_for_what_threads_recorded_before_it() {
    for _ in 0..50 {
        let metrics = pipeline(config());
        while_recording(&metrics, |finished| {
            while finished.load(SeqCst) < 500 {
                std::hint::spin_loop();
            }
            let before = finished.load(SeqCst);
            let report = metrics.shutdown(Duration::from_secs(30));
            assert!(
                report.flushed + report.dropped >= before,
                "{report} of {before}"
            );
        });
    }
}

#[test]
fn a_flood_of_forced_events_is_counted_exactly_and_the_newest_are_kept() {
    let metrics = pipeline(config());
    flood(&metrics, |_| sold());
    let snapshot = metrics.snapshot();
    assert_eq!(
        snapshot.count(OperationType::Render, "sold"),
        THREADS as u64 * CALLS
    );
    assert_eq!(snapshot.stats.forced_count, THREADS as u64 * CALLS);
    assert_eq!(snapshot.stats.buffered_count, 1_000);
    let channel_full = snapshot
        .dropped
        .iter()
        .find(|(reason, _)| *reason == DropReason::ChannelFull);
    assert_eq!(channel_full, Some(&(DropReason::ChannelFull, 0)));
}
