//! Panics, wherever they come from: answered where there is something to answer, and recorded as what they are.

use std::future::{Ready, pending};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::error::ErrorForbidden;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, web};
use starpunk_metrics::{HttpMetrics, Metrics, Outcome, RequestContext, TraceReason};
use starpunk_metrics_tests::site::{Site, read_until};
use starpunk_metrics_tests::{only, serve, snapshot_when};

use crate::{last, measured};

/// Gives so many parts, and panics.
struct Panics {
    size: BodySize,
    parts: usize,
}

impl MessageBody for Panics {
    type Error = Error;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        self.parts = self.parts.checked_sub(1).expect("on purpose");
        Poll::Ready(Some(Ok(Bytes::from_static(b"part"))))
    }
}

async fn panicking_body(size: BodySize, parts: usize) -> HttpResponse {
    HttpResponse::Ok().body(Panics { size, parts })
}

fn panics_before_its_future() -> Ready<HttpResponse> {
    panic!("on purpose")
}

async fn panics_after_a_while() -> HttpResponse {
    actix_web::rt::task::yield_now().await;
    panic!("on purpose")
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/ok", web::get().to(|| async { "fine" }))
        .route("/empty", web::get().to(HttpResponse::Ok))
        .route("/forbidden", web::get().to(HttpResponse::Ok))
        .route("/pending", web::get().to(pending::<HttpResponse>))
        .route("/call", web::get().to(panics_before_its_future))
        .route("/future", web::get().to(panics_after_a_while))
        .route("/body", web::to(|| panicking_body(BodySize::Stream, 2)))
        .route(
            "/body-after-all",
            web::get().to(|| panicking_body(BodySize::Sized(4), 1)),
        );
}

fn site(http: HttpMetrics) -> Site {
    serve!(App::new().configure(routes).wrap(http.clone()))
}

/// Says that the client got nothing, and that this was recorded as a panic after which the worker lives.
#[track_caller]
fn assert_no_answer_but_a_record(metrics: &Metrics, site: &Site, method: &str, path: &str) {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // There is no `Connection: close`: the connection is closed all the same.
    let answer = site.exchange(request);
    assert_eq!(String::from_utf8(answer).unwrap(), "", "{method} {path}");
    let metric = last(metrics);
    assert_eq!(metric.fields["outcome"], "panic", "{method} {path}");
    assert_eq!(metric.outcome, Outcome::Panic);
    assert!(metric.forced);
    assert_eq!(metric.operation_name, format!("{method} {path}"));
    assert_eq!(site.get("/ok").status, 200);
    assert_eq!(metrics.snapshot().requests_in_flight, 0);
}

#[test]
fn a_panic_of_a_handler_is_a_500_whenever_it_comes() {
    let (metrics, http) = measured();
    let site = site(http);
    for path in ["/call", "/future"] {
        let response = site.get(path);
        assert_eq!(
            (response.status, response.text()),
            (500, "Internal Server Error")
        );
        let metric = last(&metrics);
        assert_eq!(
            response.request_id(),
            metric.request_id.unwrap().to_string()
        );
        assert_eq!(metric.operation_name, format!("GET {path}"));
        assert_eq!(metric.fields["outcome"], "panic");
        assert_eq!(metric.fields["status"], 500);
        assert_eq!(metric.fields["response_bytes"], response.body.len());
        let trace = metrics.trace(metric.request_id.unwrap()).unwrap();
        assert!(trace.reasons().contains(&TraceReason::Failed));
    }
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn a_connection_goes_on_after_a_panic_was_answered() {
    let (metrics, http) = measured();
    let site = site(http);
    let answer = site.exchange(
        "GET /future HTTP/1.1\r\nHost: localhost\r\n\r\n\
         GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    let responses = starpunk_metrics_tests::site::Response::parse_all(&answer);
    let statuses: Vec<u16> = responses.iter().map(|response| response.status).collect();
    assert_eq!(statuses, [500, 200]);
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn a_panic_of_an_inner_middleware_is_a_500_also_where_the_handler_had_answered() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .configure(routes)
            .wrap_fn(|request, service| {
                let answered = service.call(request);
                async move {
                    let response = answered.await?;
                    assert!(response.status().is_informational(), "on purpose");
                    Ok(response)
                }
            })
            .wrap(http.clone())
    );
    let response = site.get("/ok");
    assert_eq!(response.status, 500);
    let metric = only(&metrics);
    assert_eq!(
        metric.request_id.unwrap().to_string(),
        response.request_id()
    );
    assert_eq!(metric.fields["outcome"], "panic");
    assert_eq!(metric.operation_name, "GET /ok");
}

#[test]
fn a_body_that_panics_leaves_no_answer() {
    let (metrics, http) = measured();
    let site = site(http);
    assert_no_answer_but_a_record(&metrics, &site, "GET", "/body");
    let metric = &metrics.metrics()[0];
    assert_eq!(metric.fields["status"], 200);
    assert_eq!(metric.fields["response_bytes"], 8);
}

#[test]
fn a_body_that_panics_although_nobody_wants_it_leaves_no_answer() {
    let (metrics, http) = measured();
    let site = site(http);
    assert_no_answer_but_a_record(&metrics, &site, "HEAD", "/body");
}

#[test]
fn a_body_that_panics_after_its_last_byte_leaves_no_answer() {
    let (metrics, http) = measured();
    let site = site(http);
    assert_no_answer_but_a_record(&metrics, &site, "GET", "/body-after-all");
}

#[test]
fn a_panic_that_is_not_to_be_caught_is_recorded_and_goes_on() {
    let (metrics, http) = measured();
    let site = site(http.catch_panics(false));
    for path in ["/call", "/future", "/body"] {
        assert_no_answer_but_a_record(&metrics, &site, "GET", path);
    }
    let status = |at: usize| metrics.metrics()[at].fields.get("status").cloned();
    assert_eq!((status(0), status(2)), (None, None), "nobody was told one");
    assert_eq!(metrics.stats().total_count, 6);
}

#[test]
fn what_waits_on_the_connection_of_an_uncaught_panic_never_begins() {
    let (metrics, http) = measured();
    let site = site(http.catch_panics(false));
    let answer = site.exchange(
        "GET /future HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assert_eq!(answer, b"");
    assert_eq!(only(&metrics).operation_name, "GET /future");
    assert_eq!(metrics.snapshot().requests_in_flight, 0);
}

#[test]
fn other_connections_do_not_notice_a_panic() {
    let (metrics, http) = measured();
    let site = site(http.catch_panics(false));
    let _waiting = site.ask("/pending");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    site.get("/future");
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.requests_in_flight, 1);
    assert_eq!(snapshot.route("GET", "/pending").unwrap().in_flight, 1);
}

#[test]
fn a_worker_works_for_no_request_any_more_after_a_panic() {
    for catch in [true, false] {
        let (_metrics, http) = measured();
        let http = http.catch_panics(catch);
        let site = serve!(App::new().configure(routes).wrap(http.clone()).wrap_fn(
            |request, service| {
                assert_eq!(RequestContext::current().id(), None);
                let answered = service.call(request);
                async move {
                    let answered = answered.await;
                    assert_eq!(RequestContext::current().id(), None);
                    answered
                }
            }
        ));
        for path in ["/call", "/future", "/body"] {
            site.get(path);
            assert_eq!(site.get("/ok").status, 200, "after {path}");
        }
    }
}

/// An App whose outermost middleware panics before it calls ours, or after ours has answered.
fn panicking_outside(http: HttpMetrics, before: bool) -> Site {
    serve!(
        App::new()
            .configure(routes)
            .wrap_fn(|request, service| {
                let is_forbidden = request.path() == "/forbidden";
                let answered = service.call(request);
                async move {
                    if is_forbidden {
                        return Err(ErrorForbidden("not for you"));
                    }
                    answered.await
                }
            })
            .wrap(http.clone())
            .wrap_fn(move |request, service| {
                let is_fine = request.query_string() == "fine";
                assert!(is_fine || !before, "on purpose");
                let answered = service.call(request);
                async move {
                    let answered = answered.await;
                    assert!(is_fine, "on purpose");
                    answered
                }
            })
    )
}

#[test]
fn a_panic_outside_before_the_request_came_here_leaves_no_record() {
    let (metrics, http) = measured();
    let site = panicking_outside(http, true);
    assert_eq!(site.get("/ok").status, 0);
    assert_eq!(metrics.stats().total_count, 0);
    assert_eq!(site.get("/ok?fine").status, 200);
    assert_eq!(metrics.stats().total_count, 1);
}

#[test]
fn a_panic_outside_that_takes_the_response_with_it_is_a_panic_whatever_the_response_was() {
    for path in ["/ok", "/empty", "/forbidden"] {
        let (metrics, http) = measured();
        let site = panicking_outside(http, false);
        assert_eq!(site.get(path).status, 0);
        let metric = only(&metrics);
        assert_eq!(metric.fields["outcome"], "panic", "{path}");
        assert_eq!(metrics.snapshot().requests_in_flight, 0);
        assert_eq!(
            site.get(&format!("{path}?fine")).status / 100,
            if path == "/forbidden" { 4 } else { 2 }
        );
    }
}

#[test]
fn a_client_that_got_some_of_a_body_that_panics_has_its_connection_closed() {
    let (metrics, http) = measured();
    let gate = starpunk_metrics_tests::gate::Gate::default();
    let shared = gate.clone();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .route(
                "/late",
                web::get().to(
                    |gate: web::Data<starpunk_metrics_tests::gate::Gate>| async {
                        let first = futures_util::stream::iter([Bytes::from_static(b"first")]);
                        let rest = futures_util::stream::once(async move {
                            gate.pass().await;
                            panic!("on purpose")
                        });
                        let both = futures_util::StreamExt::chain(first, rest);
                        HttpResponse::Ok()
                            .streaming(futures_util::StreamExt::map(both, Ok::<_, Error>))
                    }
                )
            )
            .wrap(http.clone())
    );
    let mut stream = site.ask("/late");
    read_until(&mut stream, b"first\r\n");
    gate.open();
    assert_eq!(starpunk_metrics_tests::site::read_all(&mut stream), b"");
    let metric = only(&metrics);
    assert_eq!(metric.fields["outcome"], "panic");
    assert_eq!(metric.fields["response_bytes"], 5);
}

/// An error that says its status in its response alone.
#[derive(Debug)]
struct Unasked;

impl std::fmt::Display for Unasked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unasked")
    }
}

impl actix_web::ResponseError for Unasked {
    fn status_code(&self) -> StatusCode {
        unreachable!("on purpose")
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::Forbidden().body("not for you")
    }
}

#[test]
fn an_error_whose_status_panics_is_told_by_its_response() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .configure(routes)
            .wrap_fn(|request, service| {
                let answered = service.call(request);
                async move {
                    let _answered = answered.await?;
                    Err::<ServiceResponse, Error>(Unasked.into())
                }
            })
            .wrap(http.clone())
    );
    let response = site.get("/ok");
    assert_eq!((response.status, response.text()), (403, "not for you"));
    let metric = only(&metrics);
    assert_eq!(
        response.request_id(),
        metric.request_id.unwrap().to_string()
    );
    assert_eq!(metric.fields["outcome"], "client_error");
    assert_eq!(metric.fields["status"], 403);
}

/// A future that is over, and panics when it goes.
struct PanicsWhenDropped<F>(Pin<Box<F>>);

impl<F: Future> Future for PanicsWhenDropped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<F> Drop for PanicsWhenDropped<F> {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "on purpose");
    }
}

#[test]
fn a_future_that_panics_when_it_is_dropped_is_a_500() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .configure(routes)
            .wrap_fn(|request, service| PanicsWhenDropped(Box::pin(service.call(request))))
            .wrap(http.clone())
    );
    let response = site.get("/ok");
    assert_eq!(response.status, 500);
    let metric = only(&metrics);
    assert_eq!(
        response.request_id(),
        metric.request_id.unwrap().to_string()
    );
    assert_eq!(metric.fields["outcome"], "panic");
    assert_eq!(metrics.snapshot().requests_in_flight, 0);
}
