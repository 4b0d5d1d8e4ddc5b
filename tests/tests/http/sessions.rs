//! Event streams and upgraded connections: they last as long as somebody listens, and that is no latency.

use std::io::Write;
use std::net::TcpStream;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpRequest, HttpResponse, web};
use futures_util::{StreamExt, stream};
use starpunk_metrics::{Metrics, Outcome, RequestOutcome, RouteStats, Value};
use starpunk_metrics_tests::gate::Gate;
use starpunk_metrics_tests::site::{read_all, read_until};
use starpunk_metrics_tests::{serve, snapshot_when};

use crate::{ended, measured};

/// One event at once, and another when the gate opens, if it is to.
fn events(gate: Gate, then: Result<&'static str, Error>) -> HttpResponse {
    let first = stream::iter([Ok(Bytes::from_static(b"data: 1\n\n"))]);
    let rest = stream::once(async move {
        gate.pass().await;
        then.map(|event| Bytes::from_static(event.as_bytes()))
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "Text/Event-Stream; charset=utf-8"))
        .streaming(first.chain(rest))
}

/// Sends back what it is sent, as long as it is sent something.
async fn echo(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    if !request.headers().contains_key("upgrade") {
        return HttpResponse::UpgradeRequired().finish();
    }
    HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS)
        .upgrade("websocket")
        // A client that leaves ends what it sends with an error, which is passed on here.
        .streaming(payload)
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/events",
            web::get().to(|gate: web::Data<Gate>| async move {
                events((*gate.into_inner()).clone(), Ok("data: 2\n\n"))
            }),
        )
        .route(
            "/failing-events",
            web::get().to(|gate: web::Data<Gate>| async move {
                let failure = actix_web::error::ErrorBadGateway("on purpose");
                events((*gate.into_inner()).clone(), Err(failure))
            }),
        )
        .route("/echo", web::get().to(echo));
}

/// The session of a route that had one request: it is counted, and in no series of durations.
fn session(metrics: &Metrics, path: &str) -> RouteStats {
    let snapshot = snapshot_when(metrics, |snapshot| snapshot.requests_in_flight == 0);
    let route = snapshot.route("GET", path).unwrap().clone();
    assert_eq!(route.sessions.count(), 1, "{route:#?}");
    assert_eq!(route.head.count(), 0, "{route:#?}");
    assert_eq!((route.tally.count(), route.tally.untimed()), (1, 1));
    assert_eq!(route.tally.histogram().count(), 0);
    assert_eq!(route.in_flight, 0);
    route
}

/// The record's duration is the time to its head.
fn assert_lasts_until_its_head(metrics: &Metrics) {
    let metric = ended(metrics);
    let Value::F64(head) = metric.fields["head_ms"] else {
        panic!("{metric:#?}")
    };
    assert_eq!(metric.duration_ms(), head);
}

/// A connection on which the switch to another protocol was asked for, and granted.
fn upgraded(site: &starpunk_metrics_tests::site::Site) -> TcpStream {
    let mut stream = site.send(
        "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    let head = read_until(&mut stream, b"\r\n\r\n");
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("\r\nx-request-id: "), "{head}");
    stream.write_all(b"hello").unwrap();
    assert_eq!(read_until(&mut stream, b"hello"), b"hello");
    stream
}

#[test]
fn an_event_stream_that_ends_is_a_session_and_no_latency() {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let shared = gate.clone();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .configure(routes)
            .wrap(http.clone())
    );
    let mut stream = site.ask("/events");
    read_until(&mut stream, b"data: 1\n\n\r\n");
    let open = metrics.snapshot();
    assert_eq!(open.route("GET", "/events").unwrap().in_flight, 1);
    gate.open();
    read_until(&mut stream, b"0\r\n\r\n");
    let route = session(&metrics, "/events");
    assert_eq!(route.outcomes, [(RequestOutcome::Ok, 1)]);
    assert_eq!(route.response_bytes, 18);
    assert_lasts_until_its_head(&metrics);
}

#[test]
fn a_client_that_leaves_an_event_stream_aborts_nothing() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(Gate::default()))
            .configure(routes)
            .wrap(http.clone()),
        h1_allow_half_closed = false
    );
    let mut stream = site.ask("/events");
    read_until(&mut stream, b"data: 1\n\n\r\n");
    drop(stream);
    let route = session(&metrics, "/events");
    assert_eq!(route.outcomes, [(RequestOutcome::Ok, 1)]);
    assert_lasts_until_its_head(&metrics);
    let metric = ended(&metrics);
    assert_eq!((metric.outcome, metric.forced), (Outcome::Ok, false));
}

#[test]
fn an_event_stream_that_fails_is_a_session_and_a_failure() {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let shared = gate.clone();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .configure(routes)
            .wrap(http.clone())
    );
    let mut stream = site.ask("/failing-events");
    read_until(&mut stream, b"data: 1\n\n\r\n");
    gate.open();
    assert_eq!(read_all(&mut stream), b"");
    let route = session(&metrics, "/failing-events");
    assert_eq!(route.outcomes, [(RequestOutcome::BodyError, 1)]);
    assert_eq!(ended(&metrics).outcome, Outcome::Error("body_error"));
}

#[test]
fn a_switch_of_protocols_is_a_session_and_no_latency() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let mut stream = upgraded(&site);
    assert_eq!(metrics.snapshot().requests_in_flight, 1);
    // Nothing more is sent, so there is nothing more to send back.
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    read_all(&mut stream);
    let route = session(&metrics, "/echo");
    assert_eq!(route.outcomes, [(RequestOutcome::Upgrade, 1)]);
    assert_eq!(route.statuses, [(101, 1)]);
    assert_lasts_until_its_head(&metrics);
}

#[test]
fn a_client_that_leaves_an_upgraded_connection_aborts_nothing() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new().configure(routes).wrap(http.clone()),
        h1_allow_half_closed = false
    );
    drop(upgraded(&site));
    let route = session(&metrics, "/echo");
    assert_eq!(route.outcomes, [(RequestOutcome::Upgrade, 1)]);
    assert!(!ended(&metrics).forced);
}

#[test]
fn a_switch_that_is_refused_is_a_request_like_others() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    assert_eq!(site.get("/echo").status, 426);
    let snapshot = metrics.snapshot();
    let route = snapshot.route("GET", "/echo").unwrap();
    assert_eq!((route.sessions.count(), route.head.count()), (0, 1));
    assert_eq!((route.tally.count(), route.tally.untimed()), (1, 0));
    assert_eq!(route.outcomes, [(RequestOutcome::ClientError, 1)]);
}

#[test]
fn what_is_sent_on_an_upgraded_connection_is_no_body_of_the_request() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let mut stream = upgraded(&site);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    read_all(&mut stream);
    let metric = ended(&metrics);
    assert_eq!(metric.fields["request_bytes"], 0);
    assert_eq!(metric.fields["response_bytes"], 5);
}

#[test]
fn a_head_request_for_an_event_stream_is_a_request_like_others() {
    let (metrics, http) = measured();
    let head = || async {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/event-stream"))
            .finish()
    };
    let site = serve!(
        App::new()
            .route("/events", web::head().to(head))
            .wrap(http.clone())
    );
    assert_eq!(site.request("HEAD", "/events", &[], b"").status, 200);
    let snapshot = metrics.snapshot();
    let route = snapshot.route("HEAD", "/events").unwrap();
    assert_eq!((route.sessions.count(), route.head.count()), (0, 1));
    assert_eq!((route.tally.count(), route.tally.untimed()), (1, 0));
}
