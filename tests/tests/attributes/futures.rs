//! `async`: wall time and the time in polls, what a future may still do, and how large it is.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use starpunk_metrics::{OperationType, monitored_query, track_business};
use starpunk_metrics_tests::{config, only, pipeline, poll_once};

#[monitored_query("waits")]
async fn wait() {
    pause().await;
    spin(Duration::from_millis(2));
    pause().await;
}

#[monitored_query("blocks")]
async fn block_the_executor() {
    pause().await;
    spin(Duration::from_millis(20));
}

#[track_business("made by hand")]
fn made_by_hand(text: &str) -> impl Future<Output = Result<usize, std::fmt::Error>> + 'static {
    spin(Duration::from_millis(5));
    let length = text.len();
    async move {
        pause().await;
        if length == 0 {
            return Err(std::fmt::Error);
        }
        Ok(length)
    }
}

#[track_business("boxed by hand")]
fn boxed_by_hand<'a>(
    text: &'a str,
) -> Pin<Box<dyn Future<Output = Result<usize, std::fmt::Error>> + Send + 'a>> {
    if text.is_empty() {
        return Box::pin(std::future::ready(Err(std::fmt::Error)));
    }
    Box::pin(async move {
        pause().await;
        Ok(text.len())
    })
}

#[track_business("panics while it is made")]
fn panics_in_the_making(panics: bool) -> impl Future<Output = ()> {
    assert!(!panics, "on purpose");
    std::future::ready(())
}

#[track_business("panics while it is made in place")]
#[track_caller]
fn panics_in_place(panics: bool) -> impl Future<Output = ()> {
    assert!(!panics, "on purpose");
    std::future::ready(())
}

#[monitored_query("inside")]
fn inside() -> u8 {
    7
}

#[monitored_query("made of a query")]
fn made_of_a_query() -> impl Future<Output = u8> {
    let number = inside();
    async move { number }
}

#[monitored_query("boxed of a query")]
#[track_caller]
fn boxed_of_a_query() -> Pin<Box<dyn Future<Output = u8>>> {
    let number = inside();
    Box::pin(async move { number })
}

#[track_business("large")]
async fn large(bytes: [u8; 1024]) -> usize {
    pause().await;
    bytes.len()
}

async fn large_and_plain(bytes: [u8; 1024]) -> usize {
    pause().await;
    bytes.len()
}

#[monitored_query("small", fields(length = text.len()), slow = "1s", table = "notes")]
async fn small(text: &str) -> Result<usize, std::fmt::Error> {
    pause().await;
    Ok(text.len())
}

async fn small_and_plain(text: &str) -> Result<usize, std::fmt::Error> {
    pause().await;
    Ok(text.len())
}

#[track_business("before", fields(length = text.len()))]
async fn before(text: String) -> usize {
    pause().await;
    text.len()
}

async fn before_and_plain(text: String) -> usize {
    pause().await;
    text.len()
}

/// Is ready at the second poll.
async fn pause() {
    let mut is_over = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut is_over, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Polls until it is ready, with a rest between two polls; returns how long that took.
fn drive<F: Future>(future: F, rest: Duration) -> (F::Output, Duration) {
    let mut future = pin!(future);
    let start = Instant::now();
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return (output, start.elapsed());
        }
        spin(rest);
    }
}

fn milliseconds(value: &starpunk_metrics::Value) -> f64 {
    match value {
        starpunk_metrics::Value::F64(value) => *value,
        other => panic!("{other:?} is no time"),
    }
}

#[test]
fn a_call_tells_the_time_in_its_polls_beside_the_time_on_the_wall() {
    let metrics = pipeline(config().slow_poll_threshold(Duration::from_secs(3600)));
    let _entered = metrics.enter();
    let ((), took) = drive(wait(), Duration::from_millis(5));
    let metric = only(&metrics);
    let busy = milliseconds(&metric.fields["busy_ms"]);
    let longest = milliseconds(&metric.fields["longest_poll_ms"]);
    // Two rests lie between its three polls, and one of these spins.
    assert!(metric.duration >= Duration::from_millis(12) && metric.duration <= took);
    assert!(longest >= 2.0 && longest <= busy, "{longest} of {busy}");
    assert!(busy <= metric.duration_ms() - 10.0, "{busy} of {metric:?}");
    assert_eq!(metric.fields["blocking"], false);
    let snapshot = metrics.snapshot();
    let polls = snapshot.queries[0].polls.unwrap();
    assert_eq!((polls.calls, polls.blocking), (1, 0));
    assert!(polls.longest <= polls.busy && polls.busy < metric.duration);
}

#[test]
fn a_query_that_blocks_its_executor_is_told() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    drive(block_the_executor(), Duration::ZERO);
    assert_eq!(only(&metrics).fields["blocking"], true);
    let snapshot = metrics.snapshot();
    let series = snapshot
        .operation(OperationType::Database, "blocks")
        .unwrap();
    let polls = series.polls.unwrap();
    assert_eq!((polls.calls, polls.blocking), (1, 1));
    assert!(polls.longest >= Duration::from_millis(20));
    assert!(snapshot.to_json().contains("\"blocking\":1"));
}

#[test]
fn a_future_made_by_hand_is_timed_from_its_first_poll_and_its_making_is_not() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let text = "four".to_owned();
    let future = made_by_hand(&text);
    drop(text);
    assert!(metrics.metrics().is_empty(), "it is made, and not yet run");
    let (output, took) = drive(future, Duration::ZERO);
    assert_eq!(output, Ok(4));
    assert!(only(&metrics).duration <= took);
    assert!(drive(made_by_hand(""), Duration::ZERO).0.is_err());
    let outcome = metrics.metrics()[1].outcome;
    assert_eq!(outcome, starpunk_metrics::Outcome::Error("Error"));
}

#[test]
fn a_future_boxed_by_hand_is_timed_itself_whichever_box_it_is() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(drive(boxed_by_hand("four"), Duration::ZERO).0, Ok(4));
    assert!(drive(boxed_by_hand(""), Duration::ZERO).0.is_err());
    drop(boxed_by_hand("never polled"));
    let outcomes: Vec<_> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["ok", "error"]);
}

#[test]
fn a_panic_in_the_making_is_one_of_the_call() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert!(std::panic::catch_unwind(|| drop(panics_in_the_making(true))).is_err());
    assert_eq!(only(&metrics).outcome, starpunk_metrics::Outcome::Panic);
    drop(panics_in_the_making(false));
    assert_eq!(metrics.stats().total_count, 1);
    assert!(std::panic::catch_unwind(|| drop(panics_in_place(true))).is_err());
    drop(panics_in_place(false));
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn what_a_future_was_made_of_is_not_counted_again() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(drive(made_of_a_query(), Duration::ZERO).0, 7);
    assert_eq!(drive(boxed_of_a_query(), Duration::ZERO).0, 7);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.stats.total_count, 2);
    assert_eq!(snapshot.count(OperationType::Database, "inside"), 2);
}

#[test]
fn a_future_goes_where_the_plain_one_goes_and_is_little_larger() {
    fn size(future: impl Future + Send) -> usize {
        size_of_val(&future)
    }
    let bytes = [0; 1024];
    let growth = [
        size(large(bytes)) - size(large_and_plain(bytes)),
        size(small("text")) - size(small_and_plain("text")),
        size(before(String::new())) - size(before_and_plain(String::new())),
    ];
    assert!(growth.iter().all(|growth| *growth <= 64), "{growth:?}");
}
