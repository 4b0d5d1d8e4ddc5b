//! What a connection carries: one request after the other, bodies that are awaited or never read, and old protocols.

use std::collections::HashSet;
use std::io::Write;

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, web};
use starpunk_metrics::Metrics;
use starpunk_metrics_tests::gate::Gate;
use starpunk_metrics_tests::site::{Response, Site, read_all, read_until};
use starpunk_metrics_tests::{only, serve, snapshot_when};

use crate::{last, measured};

fn routes(config: &mut web::ServiceConfig) {
    let stream = || {
        let chunks = ["one", "three"].map(|chunk| Ok::<_, actix_web::Error>(Bytes::from(chunk)));
        HttpResponse::Ok().streaming(futures_util::stream::iter(chunks))
    };
    config
        .route("/ok", web::get().to(|| async { "fine" }))
        .route("/stream", web::get().to(move || async move { stream() }))
        .route(
            "/held",
            web::get().to(|gate: web::Data<Gate>| async move {
                gate.pass().await;
                "done"
            }),
        )
        .route(
            "/read",
            web::post().to(|body: Bytes| async move { body.len().to_string() }),
        )
        .route("/ignore", web::post().to(|| async { "ignored" }));
}

fn gated() -> (Metrics, Gate, Site) {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let shared = gate.clone();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .configure(routes)
            .wrap(http.clone())
    );
    (metrics, gate, site)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[test]
fn a_hundred_requests_on_one_connection_are_a_hundred_records() {
    let (metrics, _gate, site) = gated();
    let mut stream = site.connect();
    let mut ids = HashSet::new();
    for _ in 0..100 {
        stream.write_all(get("/ok").as_bytes()).unwrap();
        let answer = read_until(&mut stream, b"fine");
        assert!(ids.insert(Response::parse(&answer).request_id()));
    }
    let recorded: HashSet<String> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.request_id.unwrap().to_string())
        .collect();
    assert_eq!(recorded, ids);
    assert_eq!(metrics.stats().total_count, 100);
}

#[test]
fn a_request_that_was_sent_before_its_turn_begins_with_its_turn() {
    let (metrics, gate, site) = gated();
    let close = "GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut stream = site.send(format!("{}{}{close}", get("/held"), get("/stream")));
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    assert_eq!(site.get("/ok").status, 200);
    // The others are in the server, but nobody works for them.
    assert_eq!(metrics.snapshot().requests_in_flight, 1);
    gate.open();
    let responses = Response::parse_all(&read_all(&mut stream));
    let metrics = metrics.metrics();
    let names: Vec<&str> = metrics[1..]
        .iter()
        .map(|metric| metric.operation_name.as_str())
        .collect();
    assert_eq!(names, ["GET /held", "GET /stream", "GET /ok"]);
    for (response, metric) in responses.iter().zip(&metrics[1..]) {
        assert_eq!(
            response.request_id(),
            metric.request_id.unwrap().to_string()
        );
        assert_eq!(metric.fields["outcome"], "ok");
    }
    assert_eq!(responses.len(), 3);
    assert_eq!(metrics[2].fields["response_bytes"], 8);
}

#[test]
fn only_the_final_response_has_the_id_where_a_client_asks_before_it_sends() {
    let (metrics, _gate, site) = gated();
    let mut stream = site.send(
        "POST /read HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\
         Expect: 100-continue\r\n\r\n",
    );
    let interim = read_until(&mut stream, b"\r\n\r\n");
    assert_eq!(interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(metrics.snapshot().requests_in_flight, 1);
    stream.write_all(b"hello").unwrap();
    let response = Response::parse(&read_all(&mut stream));
    assert_eq!((response.status, response.text()), (200, "5"));
    let metric = only(&metrics);
    assert_eq!(
        response.request_id(),
        metric.request_id.unwrap().to_string()
    );
    assert_eq!(metric.fields["status"], 200);
    assert_eq!(metric.fields["request_bytes"], 5);
}

#[test]
fn a_declared_body_that_nobody_reads_has_no_bytes_and_ends_the_connection() {
    let (metrics, _gate, site) = gated();
    let mut stream = site
        .send("POST /ignore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nsome of it");
    let response = Response::parse(&read_until(&mut stream, b"ignored"));
    assert_eq!(response.header("connection"), Some("close"));
    let metric = only(&metrics);
    assert_eq!(metric.fields["request_bytes"], 0);
    assert_eq!(metric.fields["outcome"], "ok");
}

#[test]
fn a_chunked_body_that_nobody_reads_does_not_hold_the_next_request() {
    let (metrics, _gate, site) = gated();
    let close = "GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = site.exchange(format!(
        "POST /ignore HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nhello\r\n0\r\n\r\n{close}"
    ));
    let statuses: Vec<u16> = Response::parse_all(&answer)
        .iter()
        .map(|response| response.status)
        .collect();
    assert_eq!(statuses, [200, 200]);
    let bytes: Vec<String> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.fields["request_bytes"].to_string())
        .collect();
    assert_eq!(bytes, ["0", "0"]);
}

#[test]
fn a_body_whose_client_leaves_is_counted_as_far_as_it_was_read() {
    let (metrics, _gate, site) = gated();
    let mut stream =
        site.send("POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nhello");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let response = Response::parse(&read_all(&mut stream));
    assert_eq!(response.status, 400);
    let metric = last(&metrics);
    assert_eq!(metric.fields["request_bytes"], 5);
    assert_eq!(metric.fields["outcome"], "client_error");
}

#[test]
fn a_client_of_http_1_0_gets_an_id_and_leaves_a_record() {
    let (metrics, _gate, site) = gated();
    for (path, body, bytes) in [("/ok", "fine", 4), ("/stream", "onethree", 8)] {
        let response = site.raw(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
        assert!(response.status_line.starts_with("HTTP/1.0 200"));
        let metric = last(&metrics);
        assert_eq!(
            response.request_id(),
            metric.request_id.unwrap().to_string()
        );
        assert_eq!(metric.fields["response_bytes"], bytes);
        if response.header("transfer-encoding").is_none() {
            assert_eq!(response.text(), body);
        }
    }
    assert_eq!(metrics.stats().total_count, 2);
}

/// Many clients offer a better protocol with whatever they ask; actix goes on with this one.
#[test]
fn a_body_that_comes_with_an_offer_to_upgrade_is_counted() {
    let (metrics, _gate, site) = gated();
    let mut stream = site.send(
        "POST /read HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 5\r\n\r\nhello",
    );
    let response = Response::parse(&read_until(&mut stream, b"\r\n\r\n5"));
    assert_eq!((response.status, response.text()), (200, "5"));
    assert_eq!(only(&metrics).fields["request_bytes"], 5);
}
