//! Our attributes with each other, and with those of others.

use std::panic::Location;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, get, post};
use starpunk_metrics::{OperationType, monitored_query, track_business};
use starpunk_metrics_tests::{config, measured, names, pipeline, ready, serve};

#[track_business("business first", fields(length = text.len()))]
#[monitored_query("query second", ok_fields(half = *ret / 2))]
fn both(text: &str) -> Result<usize, std::num::ParseIntError> {
    let number: usize = text.parse()?;
    Ok(number)
}

#[monitored_query("query first")]
#[track_business("business second")]
async fn both_later(text: &str) -> Result<usize, std::num::ParseIntError> {
    let number: usize = text.parse()?;
    Ok(number)
}

#[track_business("boxed first")]
#[monitored_query("boxed second")]
fn both_boxed(number: u8) -> std::pin::Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async move { number })
}

#[track_business("in place first")]
#[track_caller]
#[monitored_query("in place second")]
fn both_in_place(text: &str) -> Result<u32, std::num::ParseIntError> {
    let _: u32 = text.parse()?;
    Ok(Location::caller().line())
}

#[get("/above")]
#[track_business]
async fn get_above() -> HttpResponse {
    HttpResponse::new(StatusCode::BAD_GATEWAY)
}

#[track_business]
#[post("/below")]
async fn post_below(body: String) -> Result<HttpResponse, actix_web::Error> {
    Ok(HttpResponse::Ok().body(body))
}

#[actix_web::main]
#[track_business("main below")]
async fn main_below() -> u8 {
    1
}

#[track_business("main above")]
#[actix_web::main]
async fn main_above() -> u8 {
    2
}

#[track_business("a test")]
#[test]
fn a_test_can_be_measured() {
    assert_eq!(main_below() + main_above(), 3);
}

#[test]
#[track_business("a test that panics")]
#[should_panic(expected = "on purpose")]
fn a_test_that_panics_can_be_measured() {
    panic!("on purpose");
}

#[tokio::test]
#[track_business("a tokio test")]
async fn a_tokio_test_can_be_measured() {
    assert_eq!(both_later("4").await, Ok(4));
}

#[track_business("another tokio test")]
#[tokio::test]
async fn a_tokio_test_can_be_measured_from_above() -> Result<(), std::num::ParseIntError> {
    both_later("4").await?;
    Ok(())
}

#[actix_web::test]
#[monitored_query("an actix test")]
async fn an_actix_test_can_be_measured() {
    assert_eq!(both_later("4").await, Ok(4));
}

/// The compiler expands the first one first, so that the second one is around it.
#[test]
fn both_attributes_leave_a_record_each() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(both("4"), Ok(4));
    assert_eq!(ready(both_later("4")), Ok(4));
    assert_eq!(ready(both_boxed(4)), 4);
    assert_eq!(both_in_place("4"), Ok(line!()));
    both_in_place("four").unwrap_err();
    assert_eq!(
        names(&metrics),
        [
            "business first",
            "query second",
            "query first",
            "business second",
            "boxed first",
            "boxed second",
            "in place first",
            "in place second",
            "in place first",
            "in place second",
        ]
    );
    let all = metrics.metrics();
    assert_eq!(all[0].fields["length"], 1);
    assert_eq!(all[1].fields["half"], 2);
    assert!(all[8].outcome == all[9].outcome && !all[9].outcome.is_ok());
}

#[test]
fn a_handler_is_measured_below_and_above_its_route() {
    let (metrics, http) = measured(config());
    let site = serve!(
        App::new()
            .service(get_above)
            .service(post_below)
            .wrap(http.clone())
    );
    assert_eq!(site.get("/above").status, 502);
    assert_eq!(site.post("/below", b"text").text(), "text");
    let snapshot = metrics.snapshot();
    for (name, errors) in [("get_above", 1), ("post_below", 0)] {
        let name = format!("attributes::stacking::{name}");
        let series = snapshot.operation(OperationType::Render, &name);
        let tally = &series.unwrap_or_else(|| panic!("{snapshot:#?}")).tally;
        assert_eq!((tally.count(), tally.errors()), (1, errors), "{name}");
    }
}

#[test]
fn main_is_measured_on_either_side() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert_eq!(main_below() + main_above(), 3);
    assert_eq!(names(&metrics), ["main below", "main above"]);
}
