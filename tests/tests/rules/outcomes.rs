//! Rule 4: one operation, one record, one outcome.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use starpunk_metrics::{OperationType, Outcome, track_business};
use starpunk_metrics_tests::{config, names, only, pipeline, poll_once};

#[derive(Debug)]
struct BlogError;

struct Store<T>(T);

impl<T: Clone> Store<T> {
    #[track_business]
    fn sell(&mut self, fails: bool) -> Result<&mut T, BlogError> {
        if fails {
            return Err(BlogError);
        }
        Ok(&mut self.0)
    }

    #[track_business("sold later", fields(fails = fails, text = %format_args!("{}!", 1), shape = ?Some(1)))]
    async fn sell_later(
        &self,
        fails: bool,
        wait: impl Future<Output = ()>,
    ) -> Result<T, BlogError> {
        wait.await;
        assert!(!fails, "it fails on purpose");
        Ok(self.0.clone())
    }
}

#[track_business("broke")]
fn break_down() {
    panic!("on purpose");
}

#[test]
fn a_result_decides_between_ok_and_error() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut store = Store(1);
    assert!(store.sell(false).is_ok());
    assert!(store.sell(true).is_err());
    let outcomes: Vec<Outcome> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Error("BlogError")]);
    assert_eq!(names(&metrics), ["rules::outcomes::Store::sell"; 2]);
    let snapshot = metrics.snapshot();
    let series = snapshot
        .operation(OperationType::Render, "rules::outcomes::Store::sell")
        .unwrap();
    assert_eq!(series.tally.error_classes(), [("BlogError", 1)]);
}

#[test]
fn a_panic_leaves_one_record_and_goes_on() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert!(catch_unwind(break_down).is_err());
    assert_eq!(only(&metrics).outcome, Outcome::Panic);
    assert_eq!(metrics.stats().by_type[&OperationType::Render].errors, 1);
}

#[test]
fn an_async_function_is_recorded_when_it_is_done_with_its_fields() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let store = Store(5);
    let mut sold = Box::pin(store.sell_later(false, std::future::ready(())));
    assert!(matches!(poll_once(sold.as_mut()), Poll::Ready(Ok(5))));
    let metric = only(&metrics);
    assert_eq!(metric.operation_name, "sold later");
    assert_eq!(metric.outcome, Outcome::Ok);
    assert_eq!(metric.fields["fails"], false);
    assert_eq!(metric.fields["text"], "1!");
    assert_eq!(metric.fields["shape"], "Some(1)");
}

#[test]
fn a_dropped_future_is_cancelled_and_one_that_never_ran_is_nothing() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let store = Store(5);
    drop(store.sell_later(false, std::future::pending()));
    assert!(metrics.metrics().is_empty());
    let mut pending = Box::pin(store.sell_later(false, std::future::pending()));
    assert!(poll_once(pending.as_mut()).is_pending());
    drop(pending);
    assert_eq!(only(&metrics).outcome, Outcome::Cancelled);
}

#[test]
fn a_panicking_future_panicked_and_was_not_cancelled() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let store = Store(5);
    let mut broken = Box::pin(store.sell_later(true, std::future::ready(())));
    let polled = catch_unwind(AssertUnwindSafe(|| poll_once(broken.as_mut())));
    assert!(polled.is_err());
    drop(broken);
    assert_eq!(only(&metrics).outcome, Outcome::Panic);
}
