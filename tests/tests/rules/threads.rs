//! Threads come and go, and take their pipeline's memory with them.

use starpunk_metrics::{OperationType, business, track_business};
use starpunk_metrics_tests::{config, pipeline};

#[track_business("worked")]
fn work() {}

#[test]
fn threads_by_the_thousand_are_counted_and_forgotten() {
    let metrics = pipeline(config());
    for _ in 0..20 {
        std::thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    let _entered = metrics.enter();
                    work();
                });
            }
        });
    }
    assert_eq!(
        metrics.snapshot().count(OperationType::Render, "worked"),
        2_000
    );
    // A thread is joined before its thread-locals are gone for certain.
    let settled =
        starpunk_metrics_tests::snapshot_when(&metrics, |snapshot| snapshot.collector.threads == 0);
    assert_eq!(settled.stats.total_count, 2_000);
}

#[test]
fn a_thread_may_report_to_many_pipelines_one_after_the_other() {
    for _ in 0..50 {
        let metrics = pipeline(config());
        let _entered = metrics.enter();
        work();
        let inner = pipeline(config());
        {
            let _entered = inner.enter();
            work();
            work();
        }
        work();
        assert_eq!(metrics.stats().total_count, 2);
        assert_eq!(inner.stats().total_count, 2);
    }
}

#[test]
fn what_a_thread_records_stays_in_its_order_however_much_it_is() {
    let metrics = pipeline(config().buffer_size(4_000));
    let _entered = metrics.enter();
    (0..4_000_u64).for_each(business::track_note_deleted);
    let records = metrics.metrics();
    assert_eq!(records.len(), 4_000);
    for (note, record) in (0_u64..).zip(&records) {
        assert_eq!(record.fields["note"], note);
    }
    assert_eq!(metrics.snapshot().collector.threads, 1);
}
