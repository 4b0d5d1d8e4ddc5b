//! Rule 1: nothing measured may hurt what is measured.

use std::time::Duration;

use starpunk_metrics::{
    Config, Metrics, business, get_metrics, get_metrics_stats, get_snapshot, monitored_query,
    track_business,
};
use starpunk_metrics_tests::{config, only, pipeline};

#[track_business("divided", fields(quotient = left / right))]
fn divide_twice(left: u32, right: u32) -> u32 {
    left.checked_div(right).unwrap_or(0)
}

#[test]
fn fields_that_panic_cost_the_record_its_fields_and_nothing_else() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(divide_twice(1, 0), 0);
    let metric = only(&metrics);
    assert!(metric.outcome.is_ok());
    assert!(metric.fields.is_empty());
}

#[test]
fn without_a_pipeline_everything_works_and_reads_empty() {
    #[monitored_query]
    fn answer() -> u8 {
        42
    }
    assert_eq!(answer(), 42);
    business::track_note_created(1, 2);
    assert!(get_metrics().is_empty());
    assert_eq!(get_metrics_stats().total_count, 0);
    assert!(get_snapshot().operations.is_empty());
}

#[test]
fn after_shutdown_everything_works_and_reads_empty() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(divide_twice(6, 2), 3);
    assert_eq!(metrics.shutdown(Duration::from_secs(5)).flushed, 1);
    assert_eq!(divide_twice(6, 2), 3);
    assert!(metrics.metrics().is_empty());
    assert!(get_metrics().is_empty());
    assert!(!metrics.flush());
}

#[test]
fn with_metrics_off_there_is_nothing_to_read_or_to_wait_for() {
    let metrics = Metrics::scoped(Config::default().enabled(false)).unwrap();
    let _entered = metrics.enter();
    assert_eq!(divide_twice(6, 2), 3);
    assert!(metrics.flush());
    assert_eq!(metrics.snapshot().stats.total_count, 0);
    let report = metrics.shutdown(Duration::from_secs(5));
    assert_eq!(
        report.to_string(),
        "metrics: 0 operations flushed, 0 records dropped"
    );
}

#[test]
fn what_a_thread_local_records_while_its_thread_ends_is_no_panic() {
    struct RecordsOnDrop;
    impl Drop for RecordsOnDrop {
        fn drop(&mut self) {
            business::track_cache_hit("thread");
            assert_eq!(divide_twice(6, 2), 3);
        }
    }
    thread_local! {
        static LAST: RecordsOnDrop = const { RecordsOnDrop };
    }
    let metrics = pipeline(config());
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| {
            // Made before the library's own, so that it goes after it.
            LAST.with(|_| ());
            let _entered = metrics.enter();
            business::track_cache_hit("thread");
        });
        assert!(ended.join().is_ok());
    });
    assert!(metrics.stats().total_count >= 1);
}

#[test]
fn a_function_keeps_its_types_attributes_and_lints() {
    /// A type without Debug, Clone or anything else.
    struct Plain(u8);

    #[must_use]
    #[inline]
    #[monitored_query]
    fn longest<'a, T: AsRef<[u8]> + ?Sized>(left: &'a T, right: &'a T) -> Option<&'a T> {
        if left.as_ref().len() >= right.as_ref().len() {
            return Some(left);
        }
        Some(right)
    }

    #[track_business]
    fn reborrow(items: &mut [Plain]) -> Option<&mut Plain> {
        let last = items.last_mut()?;
        last.0 += 1;
        Some(last)
    }

    assert_eq!(longest("ab", "c"), Some("ab"));
    let mut items = [Plain(1)];
    assert_eq!(reborrow(&mut items).map(|plain| plain.0), Some(2));
}
