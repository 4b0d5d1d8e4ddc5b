//! Requests that nobody waits for any more: how a client leaves, how a server ends, and what of it is noticed.

use std::future::pending;
use std::net::Shutdown;

use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, web};
use futures_util::{StreamExt, stream};
use starpunk_metrics::{Metrics, Outcome, RequestOutcome, TraceReason};
use starpunk_metrics_tests::gate::Gate;
use starpunk_metrics_tests::site::{Response, Site, read_all, read_until, reset};
use starpunk_metrics_tests::{only, serve, snapshot_when};

use crate::{ended, last, measured};

const CHUNK: &[u8] = &[b'x'; 1_000];

async fn held(gate: web::Data<Gate>) -> &'static str {
    gate.pass().await;
    "done"
}

/// Two chunks, and after the gate chunks without end.
async fn flood(gate: web::Data<Gate>) -> HttpResponse {
    let begun = stream::iter([CHUNK, CHUNK]);
    let opened = stream::once(async move { gate.pass().await }).map(|()| CHUNK);
    let chunks = begun.chain(opened).chain(stream::repeat(CHUNK));
    let chunks = chunks.map(|chunk| Ok::<_, Error>(Bytes::from_static(chunk)));
    HttpResponse::Ok().streaming(chunks)
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/ok", web::get().to(|| async { "fine" }))
        .route("/held", web::get().to(held))
        .route("/flood", web::get().to(flood))
        .route("/pending", web::get().to(pending::<HttpResponse>));
}

/// A site whose handlers wait for this gate, and the pipeline of its requests.
fn gated(half_closed: bool) -> (Metrics, Gate, Site) {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let shared = gate.clone();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .configure(routes)
            .wrap(http.clone()),
        h1_allow_half_closed = half_closed
    );
    (metrics, gate, site)
}

/// Closing a connection with data that nobody has read resets it, so there has to be some.
const AN_ANSWER_AND_A_WAIT: &str = "GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n\
                                    GET /pending HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Another request shows that the worker has seen what the system told it before.
#[track_caller]
fn assert_is_not_noticed(metrics: &Metrics, site: &Site) {
    assert_eq!(site.get("/ok").status, 200);
    assert_eq!(metrics.snapshot().requests_in_flight, 1);
}

#[test]
fn a_client_that_closes_its_half_is_served_to_the_end() {
    let (metrics, gate, site) = gated(true);
    let mut stream = site.ask("/held");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    stream.shutdown(Shutdown::Write).unwrap();
    assert_is_not_noticed(&metrics, &site);
    gate.open();
    let response = Response::parse(&read_all(&mut stream));
    assert_eq!((response.status, response.text()), (200, "done"));
    let metric = last(&metrics);
    assert_eq!(metric.fields["outcome"], "ok");
    assert_eq!(metric.fields["response_bytes"], 4);
}

/// The same from the server's side, which can not tell the one from the other.
#[test]
fn a_client_that_leaves_without_a_reset_is_not_noticed() {
    let (metrics, gate, site) = gated(true);
    drop(site.ask("/held"));
    assert_is_not_noticed(&metrics, &site);
    gate.open();
    let snapshot = snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    let route = snapshot.route("GET", "/held").unwrap();
    assert_eq!(route.outcomes, [(RequestOutcome::Ok, 1)]);
    assert_eq!(
        (route.statuses.as_slice(), route.response_bytes),
        (&[(200, 1)][..], 4)
    );
}

#[test]
fn where_half_a_connection_is_none_leaving_cancels_the_request() {
    let (metrics, _gate, site) = gated(false);
    let stream = site.ask("/held");
    let begun = snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    drop(stream);
    let metric = ended(&metrics);
    assert_eq!(metric.fields["outcome"], "cancelled");
    assert_eq!(metric.outcome, Outcome::Cancelled);
    assert_eq!(metric.fields.get("status"), None);
    assert_eq!(metric.fields["response_bytes"], 0);
    // It is told how long the client had the patience to wait.
    assert!(metric.timestamp >= begun.taken_at);
    assert!(!metric.duration.is_zero());
    let trace = metrics.trace(metric.request_id.unwrap()).unwrap();
    assert!(trace.reasons().contains(&TraceReason::Failed));
    assert_eq!((trace.status(), trace.head()), (None, None));
}

#[test]
fn a_reset_cancels_the_request_whether_or_not_half_a_connection_is_one() {
    for half_closed in [true, false] {
        let (metrics, _gate, site) = gated(half_closed);
        let stream = site.send(AN_ANSWER_AND_A_WAIT);
        snapshot_when(&metrics, |snapshot| {
            snapshot.requests_in_flight == 1 && snapshot.stats.total_count == 1
        });
        reset(stream);
        let snapshot = snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
        let route = snapshot.route("GET", "/pending").unwrap();
        assert_eq!(route.outcomes, [(RequestOutcome::Cancelled, 1)]);
        assert_eq!(route.statuses, []);
        assert_eq!((route.head.count(), route.in_flight), (0, 0));
    }
}

#[test]
fn a_client_that_leaves_a_body_is_noticed_when_more_of_it_is_sent() {
    let (metrics, gate, site) = gated(true);
    let mut stream = site.ask("/flood");
    // All of what has come is read, so that closing is no reset.
    read_until(&mut stream, b"x\r\n");
    read_until(&mut stream, b"x\r\n");
    drop(stream);
    assert_is_not_noticed(&metrics, &site);
    gate.open();
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    let metric = last(&metrics);
    assert_eq!(metric.fields["outcome"], "aborted_body");
    assert_eq!(metric.fields["status"], 200);
    let snapshot = metrics.snapshot();
    let route = snapshot.route("GET", "/flood").unwrap();
    assert!(route.response_bytes > 2_000, "{route:#?}");
    assert_eq!((route.head.count(), route.sessions.count()), (1, 0));
}

#[test]
fn where_half_a_connection_is_none_a_client_that_leaves_a_body_is_noticed_at_once() {
    let (metrics, _gate, site) = gated(false);
    let mut stream = site.ask("/flood");
    read_until(&mut stream, b"x\r\n");
    drop(stream);
    let metric = ended(&metrics);
    assert_eq!(metric.fields["outcome"], "aborted_body");
    assert_eq!(metric.fields["response_bytes"], 2_000);
}

#[test]
fn a_server_that_ends_gracefully_lets_requests_end_and_keeps_their_records() {
    let (metrics, gate, site) = gated(true);
    let mut stream = site.ask("/held");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    site.stop_gracefully();
    gate.open();
    let response = Response::parse(&read_all(&mut stream));
    assert_eq!((response.status, response.text()), (200, "done"));
    drop(site);
    metrics.flush();
    let metric = only(&metrics);
    assert_eq!(metric.fields["outcome"], "ok");
    assert_eq!(
        metric.request_id.unwrap().to_string(),
        response.request_id()
    );
}

#[test]
fn a_server_that_has_waited_long_enough_drops_requests_as_cancelled() {
    let (metrics, _gate, site) = gated(true);
    let mut stream = site.ask("/held");
    let mut body = site.ask("/flood");
    read_until(&mut body, b"x\r\n");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 2);
    site.stop_gracefully();
    drop(site);
    assert_eq!(read_all(&mut stream), b"");
    let snapshot = snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    for (path, outcome) in [
        ("/held", RequestOutcome::Cancelled),
        ("/flood", RequestOutcome::AbortedBody),
    ] {
        let route = snapshot.route("GET", path).unwrap();
        assert_eq!(route.outcomes, [(outcome, 1)]);
        assert_eq!(route.in_flight, 0);
    }
    assert_eq!(metrics.stats().total_count, 2);
}
