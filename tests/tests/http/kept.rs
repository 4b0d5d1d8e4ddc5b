//! Which traces are kept: for a reason, sampled or not, and so many.

use std::io::{Read, Write};
use std::thread::sleep;
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use starpunk_metrics::{Config, Metrics, RequestId, RequestOutcome, TraceReason};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::Site;

use crate::notes::{author, nap, notes};
use crate::undisturbed;

/// So many different statements, so that none is repeated.
async fn different(count: web::Path<usize>) -> HttpResponse {
    let connection = notes();
    for columns in 1..=*count {
        let sql = format!("SELECT {} FROM notes", vec!["id"; columns].join(" + "));
        connection.query_row(&sql, [], |_| Ok(())).unwrap();
    }
    HttpResponse::Ok().finish()
}

async fn repeated(count: web::Path<u32>) -> HttpResponse {
    let connection = notes();
    for _ in 0..*count {
        author(&connection, 7).unwrap();
    }
    HttpResponse::Ok().finish()
}

async fn blocking() -> HttpResponse {
    sleep(Duration::from_millis(25));
    HttpResponse::Ok().finish()
}

async fn waiting(milliseconds: web::Path<u64>) -> HttpResponse {
    if *milliseconds > 0 {
        actix_web::rt::time::sleep(Duration::from_millis(*milliseconds)).await;
    }
    HttpResponse::Ok().finish()
}

async fn panics() -> HttpResponse {
    panic!("on purpose")
}

fn site(config: Config) -> (Metrics, Site) {
    let (metrics, http) = starpunk_metrics_tests::measured(config);
    let site = serve!(
        App::new()
            .route("/different/{count}", web::get().to(different))
            .route("/repeated/{count}", web::get().to(repeated))
            .route("/blocking", web::get().to(blocking))
            .route("/waiting/{milliseconds}", web::get().to(waiting))
            .route(
                "/nap",
                web::get().to(|| async {
                    nap(&notes(), 25);
                    HttpResponse::Ok().finish()
                })
            )
            .route("/panics", web::get().to(panics))
            .route("/fails", web::get().to(HttpResponse::BadGateway))
            .route("/", web::get().to(HttpResponse::Ok))
            .wrap(http.clone())
    );
    (metrics, site)
}

fn unsampled() -> Config {
    undisturbed().sampling_rate(0.0)
}

/// Why the trace of this one request is kept; nothing where it is not.
fn reasons(config: Config, path: &str) -> Vec<TraceReason> {
    let (metrics, site) = site(config);
    let id: RequestId = site.get(path).request_id().parse().unwrap();
    let trace = metrics.trace(id);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.trace(id).is_some(), trace.is_some());
    assert_eq!(snapshot.traces().len(), usize::from(trace.is_some()));
    trace.map_or(Vec::new(), |trace| {
        let text = trace.to_string();
        let reasons = trace.reasons();
        assert!(
            reasons.iter().all(|reason| text.contains(reason.as_str())),
            "{text}"
        );
        reasons.to_vec()
    })
}

#[test]
fn what_fails_is_kept_without_sampling_and_what_is_the_clients_fault_is_not() {
    assert_eq!(reasons(unsampled(), "/fails"), [TraceReason::Failed]);
    assert_eq!(reasons(unsampled(), "/panics"), [TraceReason::Failed]);
    assert_eq!(reasons(unsampled(), "/nowhere"), []);
    assert_eq!(reasons(unsampled(), "/"), []);
}

#[test]
fn what_is_sampled_is_kept() {
    for path in ["/", "/nowhere", "/different/3"] {
        assert_eq!(
            reasons(undisturbed(), path),
            [TraceReason::Sampled],
            "{path}"
        );
    }
}

#[test]
fn what_is_slow_is_kept_without_sampling() {
    let threshold = |time| unsampled().slow_request_threshold(time);
    let millis = Duration::from_millis;
    assert_eq!(
        reasons(threshold(millis(10)), "/waiting/15"),
        [TraceReason::Slow]
    );
    assert_eq!(
        reasons(threshold(Duration::from_secs(60)), "/waiting/15"),
        []
    );
}

#[test]
fn what_repeats_a_statement_is_kept_without_sampling() {
    assert_eq!(
        reasons(unsampled(), "/repeated/5"),
        [TraceReason::RepeatedStatements]
    );
    assert_eq!(reasons(unsampled(), "/repeated/4"), []);
}

#[test]
fn what_runs_many_statements_is_kept_without_sampling() {
    let few = unsampled().many_statements(3);
    assert_eq!(
        reasons(few.clone(), "/different/4"),
        [TraceReason::ManyStatements]
    );
    assert_eq!(reasons(few, "/different/3"), []);
    let from_environment =
        Config::from_vars(|name| (name == "METRICS_MANY_STATEMENTS").then(|| "3".into()));
    assert_eq!(from_environment.many_statements, 3);
}

#[test]
fn what_blocks_its_worker_is_kept_without_sampling_and_what_waits_is_not() {
    let threshold = |millis| unsampled().slow_poll_threshold(Duration::from_millis(millis));
    for path in ["/blocking", "/nap"] {
        assert_eq!(reasons(threshold(10), path), [TraceReason::BlockedExecutor]);
    }
    assert_eq!(reasons(threshold(10_000), "/blocking"), []);
    // As long in all, but its worker was free meanwhile. The threshold is far from what a busy machine does.
    assert_eq!(reasons(threshold(150), "/waiting/400"), []);
}

#[test]
fn one_request_may_have_several_reasons() {
    let config = unsampled()
        .many_statements(3)
        .slow_request_threshold(Duration::from_nanos(1));
    let expected = [
        TraceReason::Slow,
        TraceReason::RepeatedStatements,
        TraceReason::ManyStatements,
    ];
    assert_eq!(reasons(config, "/repeated/5"), expected);
}

#[test]
fn five_hundred_are_kept_and_a_flood_pushes_out_neither_failures_nor_the_slowest_of_a_route() {
    let (metrics, site) = site(undisturbed());
    let id = |path: &str| -> RequestId { site.get(path).request_id().parse().unwrap() };
    let failed = [id("/fails"), id("/panics")];
    let first = id("/different/1");
    let slowest = std::thread::scope(|scope| {
        let sent = [(); 5].map(|()| scope.spawn(|| id("/waiting/700")));
        sent.map(|sent| sent.join().unwrap())
    });
    // Of the same route, so that those above are its slowest.
    let mut stream = site.connect();
    let flood = "GET /waiting/0 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(700);
    let last = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut reading = stream.try_clone().unwrap();
    let answers = std::thread::spawn(move || {
        let mut answers = String::new();
        reading.read_to_string(&mut answers).unwrap();
        answers
    });
    stream.write_all((flood + last).as_bytes()).unwrap();
    let answers = answers.join().unwrap();
    let ids = answers
        .lines()
        .filter_map(|line| line.strip_prefix("x-request-id: "));
    let ids: Vec<RequestId> = ids.map(|id| id.parse().unwrap()).collect();
    assert_eq!(ids.len(), 701);

    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.traces().len(), 500);
    assert!(failed.iter().all(|id| snapshot.trace(*id).is_some()));
    assert!(slowest.iter().all(|id| metrics.trace(*id).is_some()));
    // The only one of its route is among its slowest, too.
    assert!(snapshot.trace(first).is_some());
    assert!(snapshot.trace(ids[700]).is_some(), "the latest");
    let kept = ids[..700]
        .iter()
        .filter(|id| snapshot.trace(**id).is_some());
    assert_eq!(kept.count(), 500 - 2 - 1 - 5 - 1);
    // The oldest first.
    let traces = snapshot.traces();
    assert_eq!(traces[0].request_id(), failed[0]);
    assert_eq!(traces[0].outcome(), RequestOutcome::ServerError);
    assert!(traces.iter().all(|trace| !trace.reasons().is_empty()));
}
