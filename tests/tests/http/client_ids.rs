//! What clients say of their requests: kept beside our id where it is harmless, forgotten where it is not, and never sent back.

use actix_web::{App, HttpRequest, HttpResponse, web};
use starpunk_metrics::{Metric, Metrics, RequestContext, RequestId};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::{Response, Site};

use crate::measured;

/// What other systems send.
const VALID: [&str; 8] = [
    "a",
    // Apache's mod_unique_id.
    "UK-Ziz8AAAEA@BJSBTMAAAAA",
    // AWS.
    "Root=1-67891233-abcdef012345678912345678",
    // Envoy has its decision to trace where the version of a UUID is.
    "3f1b2a4c-5d6e-9f70-8a1b-2c3d4e5f6071",
    "3F1B2A4C-5D6E-4F70-8A1B-2C3D4E5F6071",
    "q83vEjRWeJCrze8SNFZ4kA==",
    "projects/blog/traces/0af7651916cd43dd",
    "mail+17@example.org~1:2",
];

const REFUSED: [&[u8]; 14] = [
    b"",
    b"   ",
    b"two words",
    b"a\tb",
    b"\xff",
    b"caf\xc3\xa9",
    b"first, second",
    b"first,second",
    b"id; X-Hacked: yes",
    b"a%0d%0aX-Hacked:%20yes",
    b"Self=1-6789;Root=1-6789",
    b"\"quoted\"",
    b"<script>alert(1)</script>",
    b"${jndi:ldap://evil}",
];

async fn told() -> HttpResponse {
    let context = RequestContext::current();
    let id = context.client_request_id().map(ToString::to_string);
    let parent = context.trace_parent().map(|parent| parent.to_string());
    HttpResponse::Ok()
        .insert_header(("x-client-id-length", id.unwrap_or_default().len()))
        .insert_header(("x-parent-length", parent.unwrap_or_default().len()))
        .finish()
}

fn site() -> (Metrics, Site) {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/", web::get().to(told))
            .route("/fail", web::get().to(HttpResponse::InternalServerError))
            .wrap(http.clone())
    );
    (metrics, site)
}

/// Sends these header lines, which may be anything.
fn send(site: &Site, lines: &[&[u8]]) -> Response {
    let mut bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_vec();
    for line in lines {
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    site.raw(&bytes)
}

fn header(value: &[u8]) -> Vec<u8> {
    [b"X-Request-ID: ", value].concat()
}

/// The id is ours, and nothing but it has changed.
fn assert_is_ours(response: &Response, metric: &Metric) {
    assert_eq!(response.status, 200);
    let id = response.request_id();
    let uuid = id.parse::<RequestId>().unwrap().as_uuid();
    assert_eq!(uuid.get_version_num(), 4, "{id}");
    assert_eq!(metric.request_id.unwrap().to_string(), id);
    assert_eq!(response.header("x-hacked"), None);
}

#[test]
fn what_a_client_calls_its_request_is_kept_beside_our_id_and_not_sent_back() {
    let (metrics, site) = site();
    let longest = "a".repeat(128);
    let sent = VALID.into_iter().chain([longest.as_str()]);
    for text in sent {
        let response = send(&site, &[&header(text.as_bytes())]);
        let metric = metrics.metrics().pop().unwrap();
        assert_is_ours(&response, &metric);
        assert_eq!(metric.fields["client_request_id"], text);
        let length = text.len().to_string();
        assert_eq!(response.header("x-client-id-length"), Some(length.as_str()));
        let values = response.headers.iter().map(|(_, value)| value);
        assert!(
            text.len() == 1 || values.into_iter().all(|value| !value.contains(text)),
            "{text}: {response:?}"
        );
        let id = metric.request_id.unwrap();
        let trace = metrics.trace(id).unwrap();
        assert_eq!(trace.client_request_id().unwrap().as_str(), text);
        assert_ne!(id, text.parse().unwrap());
        assert!(metrics.trace(text.parse().unwrap()).is_none(), "{text}");
    }
    assert_eq!(metrics.snapshot().request_ids_refused, 0);
}

#[test]
fn what_is_no_id_is_counted_and_found_nowhere() {
    let (metrics, site) = site();
    let too_long = [b'a'; 129];
    let sent = REFUSED.into_iter().chain([too_long.as_slice()]);
    for (before, value) in sent.enumerate() {
        let shown = value.escape_ascii();
        assert_eq!(
            metrics.snapshot().request_ids_refused,
            before as u64,
            "{shown}"
        );
        let response = send(&site, &[&header(value)]);
        let metric = metrics.metrics().pop().unwrap();
        assert_is_ours(&response, &metric);
        assert_eq!(metric.fields.get("client_request_id"), None, "{shown}");
        assert_eq!(response.header("x-client-id-length"), Some("0"), "{shown}");
        let trace = metrics.trace(metric.request_id.unwrap()).unwrap();
        assert!(trace.client_request_id().is_none());
        let text = String::from_utf8_lossy(value);
        if text.trim().len() > 3 {
            let known = format!("{metric:?} {trace:?} {trace} {response:?}");
            assert!(!known.contains(text.trim()), "{shown}: {known}");
        }
    }
    assert_eq!(metrics.snapshot().request_ids_refused, 15);
}

#[test]
fn two_ids_are_none() {
    let (metrics, site) = site();
    for second in ["second", "first"] {
        let lines = [header(b"first"), header(second.as_bytes())];
        let response = send(&site, &[&lines[0], &lines[1]]);
        let metric = metrics.metrics().pop().unwrap();
        assert_is_ours(&response, &metric);
        assert_eq!(metric.fields.get("client_request_id"), None);
    }
    assert_eq!(metrics.snapshot().request_ids_refused, 2);
}

/// A line break ends the header, in whatever way actix reads it: what follows is never ours to send.
#[test]
fn a_line_break_in_an_id_puts_nothing_into_the_response() {
    let (metrics, site) = site();
    for (sent, status) in [
        (&b"X-Request-ID: id\r\nX-Hacked: yes"[..], 200),
        (b"X-Request-ID: id\nX-Hacked: yes", 200),
        (b"X-Request-ID: id\rX-Hacked: yes", 400),
        (b"X-Request-ID: id\0", 400),
    ] {
        let response = send(&site, &[sent]);
        assert_eq!(response.status, status, "{}", sent.escape_ascii());
        assert_eq!(response.header("x-hacked"), None);
        let whole = format!("{response:?}").to_lowercase();
        assert!(!whole.contains("hacked"), "{whole}");
    }
    // What actix refuses itself has never reached the App.
    let all = metrics.metrics();
    assert_eq!(all.len(), 2);
    assert!(
        all.iter()
            .all(|metric| metric.fields["client_request_id"] == "id")
    );
}

#[test]
fn a_place_in_another_trace_is_kept_where_it_is_written_as_it_must_be() {
    let (metrics, site) = site();
    for (sent, trace_id, parent_id, told) in [
        (
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0af7651916cd43dd8448eb211c80319c",
            "b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        // Of a version that nobody knows yet.
        (
            "cc-00000000000000000000000000000001-0000000000000001-00-what-the-future-holds",
            "00000000000000000000000000000001",
            "0000000000000001",
            "00-00000000000000000000000000000001-0000000000000001-00",
        ),
    ] {
        let response = send(&site, &[format!("Traceparent: {sent}").as_bytes()]);
        let metric = metrics.metrics().pop().unwrap();
        assert_is_ours(&response, &metric);
        assert_eq!(metric.fields["trace_id"], trace_id);
        assert_eq!(metric.fields["parent_id"], parent_id);
        assert_eq!(response.header("x-parent-length"), Some("55"));
        let trace = metrics.trace(metric.request_id.unwrap()).unwrap();
        assert_eq!(trace.trace_parent().unwrap().to_string(), told);
        assert_eq!(response.header("traceparent"), None);
    }
}

#[test]
fn a_place_in_another_trace_that_is_garbage_fails_nothing() {
    let (metrics, site) = site();
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let garbage = [
        String::new(),
        "garbage".to_owned(),
        good.to_uppercase(),
        good.replace("00-", "ff-"),
        format!("{good}-more"),
        format!("{good} "),
        good.replace("b7ad6b7169203331", "0000000000000000"),
        good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
        good.replace('-', "_"),
        good[..54].to_owned(),
        "0".repeat(10_000),
    ];
    for sent in &garbage {
        let response = send(&site, &[format!("traceparent: {sent}").as_bytes()]);
        let metric = metrics.metrics().pop().unwrap();
        assert_is_ours(&response, &metric);
        // Blanks around a value are no part of it.
        let is_good = sent.trim() == good;
        assert_eq!(metric.fields.get("trace_id").is_some(), is_good, "{sent}");
        assert_eq!(metric.fields.get("parent_id").is_some(), is_good, "{sent}");
    }
    let bytes = send(&site, &[b"traceparent: \xff\xfe"]);
    let line = format!("traceparent: {good}");
    let twice = send(&site, &[line.as_bytes(), line.as_bytes()]);
    for response in [bytes, twice] {
        assert_eq!(response.status, 200);
        assert_eq!(response.header("x-parent-length"), Some("0"));
    }
    // It is no id, and so no refused one.
    assert_eq!(metrics.snapshot().request_ids_refused, 0);
}

#[test]
fn a_handler_may_still_read_what_was_sent() {
    let (_metrics, http) = measured();
    let read = |request: HttpRequest| async move {
        let sent = request.headers().get("x-request-id");
        HttpResponse::Ok().body(sent.map_or(Vec::new(), |sent| sent.as_bytes().to_vec()))
    };
    let site = serve!(
        App::new()
            .route("/", web::get().to(read))
            .wrap(http.clone())
    );
    assert_eq!(send(&site, &[&header(b"two words")]).text(), "two words");
}
