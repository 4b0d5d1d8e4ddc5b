//! What is interrupted: one record each, with its true time, and everything back as it was.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::{Duration, Instant};

use actix_web::{App, web};
use starpunk_metrics::{
    Metric, Metrics, OperationType, Outcome, monitored_query, sqlite, track_business,
};
use starpunk_metrics_tests::site::reset;
use starpunk_metrics_tests::{config, measured, only, pipeline, poll_once, serve, snapshot_when};

#[monitored_query("breaks", fields(length = text.len()))]
fn break_down(text: &str) -> usize {
    spin();
    panic!("on purpose, of {text}");
}

#[monitored_query("breaks later", fields(length = text.len()))]
async fn break_later(text: &str, breaks: bool) -> usize {
    std::future::ready(()).await;
    spin();
    assert!(!breaks, "on purpose");
    std::future::pending::<()>().await;
    text.len()
}

#[track_business("waits for ever")]
async fn wait_for_ever() {
    std::future::pending::<()>().await;
}

#[track_caller]
#[monitored_query("breaks in place")]
fn break_in_place(text: &str) -> Result<usize, std::num::ParseIntError> {
    let number: usize = text.parse()?;
    assert!(number > 0, "on purpose");
    Ok(number)
}

macro_rules! leave {
    ($error:expr) => {
        return Err($error)
    };
}

#[track_caller]
#[track_business("left by a macro", fields(one = 1))]
fn leave_by_a_macro(leaves: bool) -> Result<(), std::fmt::Error> {
    if leaves {
        leave!(std::fmt::Error);
    }
    Ok(())
}

/// Runs an annotated query while it is dropped, as a transaction that is rolled back.
struct QueriesWhenDropped;

impl Drop for QueriesWhenDropped {
    fn drop(&mut self) {
        #[monitored_query("rolls back")]
        fn roll_back() {}
        roll_back();
    }
}

#[monitored_query("waits inside")]
async fn wait_inside() {
    std::future::pending::<()>().await;
}

#[monitored_query("waits around")]
async fn wait_around(rolls_back: bool) {
    let _transaction = rolls_back.then(|| QueriesWhenDropped);
    if rolls_back {
        std::future::pending::<()>().await;
    }
    wait_inside().await;
}

/// Calls an annotated function while it is dropped, and one whose field panics.
struct CallsWhenDropped;

impl Drop for CallsWhenDropped {
    fn drop(&mut self) {
        #[track_business("called while it unwinds", fields(one = panic_here()))]
        fn called() {}
        #[track_business("made while it unwinds")]
        fn made() -> impl Fn(&u8) -> u8 {
            |number| *number
        }
        called();
        made()(&1);
    }
}

fn panic_here() -> u8 {
    panic!("on purpose")
}

fn spin() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2) {
        std::hint::spin_loop();
    }
}

/// A statement and an annotated query after what was interrupted: they are nobody's but their own.
fn everything_is_as_it_was(metrics: &Metrics, interrupted: &str) {
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    sqlite::instrument(&mut connection).unwrap();
    connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
    let all = metrics.metrics();
    let statement = all.last().unwrap();
    assert_eq!(statement.operation_name, "SELECT");
    assert_eq!(statement.fields.get("query_name"), None);
    let snapshot = metrics.snapshot();
    let series = snapshot.operation(OperationType::Database, interrupted);
    let tally = &series.unwrap().tally;
    assert_eq!((tally.count(), tally.nested()), (2, 0));
    assert_eq!(snapshot.requests_in_flight, 0);
}

fn is_true(metric: &Metric, took: Duration) -> bool {
    metric.duration >= Duration::from_millis(2) && metric.duration <= took
}

#[test]
fn a_panicking_function_leaves_one_record_of_its_time_and_its_fields() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let start = Instant::now();
    assert!(catch_unwind(|| break_down("four")).is_err());
    let took = start.elapsed();
    let metric = only(&metrics);
    assert_eq!(metric.outcome, Outcome::Panic);
    assert_eq!(metric.fields["length"], 4);
    assert!(is_true(&metric, took), "{metric:?} took {took:?}");
    assert!(catch_unwind(|| break_down("four")).is_err());
    everything_is_as_it_was(&metrics, "breaks");
}

#[test]
fn a_panicking_future_leaves_one_record_when_it_panics_and_not_when_it_is_dropped() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    for count in 1..=2 {
        let mut broken = Box::pin(break_later("four", true));
        let start = Instant::now();
        let polled = catch_unwind(AssertUnwindSafe(|| poll_once(broken.as_mut()).is_ready()));
        let took = start.elapsed();
        assert!(polled.is_err());
        let all = metrics.metrics();
        assert_eq!(all.len(), count, "it is there before the future is dropped");
        let metric = &all[count - 1];
        assert_eq!(metric.outcome, Outcome::Panic);
        assert_eq!(metric.fields["length"], 4);
        assert!(is_true(metric, took), "{metric:?} took {took:?}");
        drop(broken);
    }
    everything_is_as_it_was(&metrics, "breaks later");
}

#[test]
fn a_dropped_future_leaves_one_record_until_it_was_dropped() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    for _ in 0..2 {
        let mut dropped = Box::pin(break_later("four", false));
        assert_eq!(poll_once(dropped.as_mut()), Poll::Pending);
        spin();
        drop(dropped);
    }
    let all = metrics.metrics();
    assert_eq!(all.len(), 2);
    for metric in all {
        assert_eq!(metric.outcome, Outcome::Cancelled);
        assert_eq!(metric.fields["length"], 4);
        assert!(metric.duration >= Duration::from_millis(4), "{metric:?}");
    }
    everything_is_as_it_was(&metrics, "breaks later");
}

#[test]
fn a_body_that_stays_in_place_tells_every_way_out() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(break_in_place("7"), Ok(7));
    break_in_place("seven").unwrap_err();
    assert!(catch_unwind(|| break_in_place("0")).is_err());
    let outcomes: Vec<_> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.outcome)
        .collect();
    let failed = Outcome::Error("ParseIntError");
    assert_eq!(outcomes, [Outcome::Ok, failed, Outcome::Panic]);
}

#[test]
fn a_return_that_a_macro_writes_is_known_to_have_happened() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    leave_by_a_macro(true).unwrap_err();
    leave_by_a_macro(false).unwrap();
    let all = metrics.metrics();
    assert_eq!(all[0].outcome, Outcome::Error("early_return"));
    assert_eq!(all[0].fields["one"], 1);
    assert_eq!(all[1].outcome, Outcome::Ok);
}

#[test]
fn a_cancelled_query_is_no_operation_beside_what_it_did_until_it_was_dropped() {
    for (rolls_back, inside) in [(false, "waits inside"), (true, "rolls back")] {
        let metrics = pipeline(config());
        let _entered = metrics.enter();
        let mut dropped = Box::pin(wait_around(rolls_back));
        assert!(poll_once(dropped.as_mut()).is_pending());
        drop(dropped);
        let snapshot = metrics.snapshot();
        assert_eq!(snapshot.stats.total_count, 1, "{inside}");
        assert_eq!(snapshot.count(OperationType::Database, inside), 1);
        let around = snapshot.queries.iter();
        let around = around.clone().find(|query| query.name == "waits around");
        assert_eq!(around.unwrap().statements, 1);
        assert_eq!(around.unwrap().tally.cancelled(), 1);
    }
}

/// Panics while it is dropped.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[monitored_query("panics while it is dropped")]
async fn panic_while_dropped(panics: bool) {
    let _panics = panics.then(|| PanicsWhenDropped);
    if panics {
        std::future::pending::<()>().await;
    }
}

#[test]
fn a_panic_while_a_future_is_dropped_leaves_everything_as_it_was() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut dropped = Box::pin(panic_while_dropped(true));
    assert!(poll_once(dropped.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(dropped))).is_err());
    assert_eq!(only(&metrics).outcome, Outcome::Cancelled);
    assert!(poll_once(Box::pin(panic_while_dropped(false)).as_mut()).is_ready());
    everything_is_as_it_was(&metrics, "panics while it is dropped");
}

#[test]
fn a_call_while_a_panic_unwinds_is_a_call_like_any_other() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let unwound = catch_unwind(|| {
        let _dropped = CallsWhenDropped;
        panic!("on purpose");
    });
    assert!(unwound.is_err());
    let all = metrics.metrics();
    assert_eq!((all[0].outcome, all[1].outcome), (Outcome::Ok, Outcome::Ok));
    assert!(all[0].fields.is_empty());
}

#[test]
fn a_cancelled_request_leaves_one_record_and_its_function_another() {
    let (metrics, http) = measured(config());
    let site = serve!(
        App::new()
            .route(
                "/",
                web::get().to(|| async {
                    wait_for_ever().await;
                    "never"
                })
            )
            .wrap(http.clone())
    );
    let mut stream = site.connect();
    // The first answer is left unread, so that closing resets the connection.
    let both =
        "GET /bytes HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(both.as_bytes()).unwrap();
    snapshot_when(&metrics, |snapshot| {
        snapshot.requests_in_flight == 1 && snapshot.stats.total_count == 1
    });
    reset(stream);
    let snapshot = snapshot_when(&metrics, |snapshot| {
        snapshot.requests_in_flight == 0 && snapshot.stats.total_count == 3
    });
    for (of, name) in [
        (OperationType::Http, "GET /"),
        (OperationType::Render, "waits for ever"),
    ] {
        let tally = &snapshot.operation(of, name).unwrap().tally;
        assert_eq!((tally.count(), tally.cancelled()), (1, 1), "{name}");
    }
    let all = metrics.metrics();
    assert_eq!(all[1].request_id, all[2].request_id);
}
