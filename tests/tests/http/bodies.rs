//! What each kind of body leaves: how many bytes, whether the response was whole, and when its last byte was.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, body, web};
use futures_util::{StreamExt, stream};
use starpunk_metrics::{Metric, Metrics, RequestOutcome, Value};
use starpunk_metrics_tests::gate::Gate;
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::{Response, Site, read_until};

use crate::{ended, last, measured};

/// Gives what it was given, and says that it is as long as it was told to.
struct Parts {
    size: BodySize,
    parts: Vec<Result<&'static str, &'static str>>,
}

impl MessageBody for Parts {
    type Error = Error;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        if self.parts.is_empty() {
            return Poll::Ready(None);
        }
        let part = self
            .parts
            .remove(0)
            .map(|part| Bytes::from_static(part.as_bytes()));
        Poll::Ready(Some(
            part.map_err(actix_web::error::ErrorInternalServerError),
        ))
    }
}

fn parts(size: BodySize, parts: &[Result<&'static str, &'static str>]) -> HttpResponse {
    let parts = parts.to_vec();
    HttpResponse::Ok().body(Parts { size, parts })
}

fn two() -> impl MessageBody {
    let chunks = ["one", "three"].map(|chunk| Ok::<_, Error>(Bytes::from_static(chunk.as_bytes())));
    body::BodyStream::new(stream::iter(chunks))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/sized",
            web::to(|| async { HttpResponse::Ok().body("0123456789") }),
        )
        .route("/zero", web::to(|| async { HttpResponse::Ok().body("") }))
        .route(
            "/none",
            web::to(|| async { HttpResponse::Ok().body(body::None::new()) }),
        )
        .route(
            "/stream",
            web::to(|| async { HttpResponse::Ok().body(two()) }),
        )
        .route(
            "/unchunked",
            web::to(|| async { HttpResponse::Ok().no_chunking(8).body(two()) }),
        )
        .route("/no-content", web::to(HttpResponse::NoContent))
        .route(
            "/no-content-with",
            web::to(|| async { HttpResponse::NoContent().body("12345") }),
        )
        .route("/not-modified", web::to(HttpResponse::NotModified))
        .route(
            "/not-modified-of",
            web::to(|| async {
                HttpResponse::NotModified()
                    .insert_header((CONTENT_LENGTH, "10"))
                    .body(body::None::new())
            }),
        )
        .route(
            "/parts",
            web::to(|| async { parts(BodySize::Sized(6), &[Ok("four"), Ok(""), Ok("56")]) }),
        )
        .route(
            "/short",
            web::to(|| async { parts(BodySize::Sized(10), &[Ok("four")]) }),
        )
        .route(
            "/long",
            web::to(|| async { parts(BodySize::Sized(6), &[Ok("four"), Ok("56789")]) }),
        )
        .route(
            "/fails-at-once",
            web::to(|| async { parts(BodySize::Stream, &[Err("on purpose")]) }),
        )
        .route(
            "/fails",
            web::to(|| async { parts(BodySize::Stream, &[Ok("four"), Err("on purpose")]) }),
        )
        .route(
            "/fails-after-all",
            web::to(|| async { parts(BodySize::Sized(4), &[Ok("four"), Err("on purpose")]) }),
        );
}

/// What the client got, and the record of it.
fn answer(metrics: &Metrics, site: &Site, method: &str, path: &str) -> (Response, Metric) {
    let response = site.request(method, path, &[], b"");
    (response, last(metrics))
}

/// As many bytes were counted as were sent, and the response was whole.
#[track_caller]
fn assert_whole(method: &str, path: &str, body: &[u8], length: Option<&str>) {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let (response, metric) = answer(&metrics, &site, method, path);
    assert_eq!(response.body, body);
    assert_eq!(response.header("content-length"), length);
    let payload = match response.header("transfer-encoding") {
        Some(_) if !body.is_empty() => 8,
        _ => body.len(),
    };
    assert_eq!(metric.fields["response_bytes"], payload);
    assert_eq!(metric.fields["outcome"], "ok");
    assert_eq!(metric.fields["status"], response.status);
    assert!(!metric.forced);
}

#[test]
fn a_body_of_known_size_is_counted_as_it_was_sent() {
    assert_whole("GET", "/sized", b"0123456789", Some("10"));
}

#[test]
fn a_body_of_known_size_may_come_in_parts() {
    assert_whole("GET", "/parts", b"four56", Some("6"));
}

#[test]
fn an_empty_body_is_whole_although_it_is_never_polled() {
    assert_whole("GET", "/zero", b"", Some("0"));
}

#[test]
fn a_response_without_a_body_is_whole_with_its_head() {
    assert_whole("GET", "/none", b"", None);
}

#[test]
fn a_stream_counts_its_chunks_without_their_framing() {
    assert_whole(
        "GET",
        "/stream",
        b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n",
        None,
    );
}

#[test]
fn a_stream_of_known_length_is_counted_as_it_was_sent() {
    assert_whole("GET", "/unchunked", b"onethree", Some("8"));
}

#[test]
fn a_head_request_for_a_body_of_known_size_has_no_bytes() {
    assert_whole("HEAD", "/sized", b"", Some("10"));
}

#[test]
fn a_head_request_for_a_stream_has_no_bytes() {
    assert_whole("HEAD", "/stream", b"", None);
}

#[test]
fn a_head_request_for_an_empty_body_has_no_bytes() {
    assert_whole("HEAD", "/zero", b"", Some("0"));
    assert_whole("HEAD", "/none", b"", None);
}

#[test]
fn a_204_is_whole_with_its_head() {
    assert_whole("GET", "/no-content", b"", None);
}

/// actix sends it, though no client can know that it comes.
#[test]
fn a_body_of_a_204_is_counted_because_it_is_sent() {
    assert_whole("GET", "/no-content-with", b"12345", None);
}

#[test]
fn a_304_is_whole_with_its_head() {
    assert_whole("GET", "/not-modified", b"", None);
    assert_whole("GET", "/not-modified-of", b"", Some("10"));
}

#[test]
fn a_body_that_fails_at_once_leaves_a_record_although_nothing_was_sent() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    for path in ["/fails-at-once", "/fails"] {
        let (response, metric) = answer(&metrics, &site, "GET", path);
        assert_eq!(response.status, 0, "not even the head: {response:?}");
        assert_eq!(metric.fields["outcome"], "body_error");
        assert_eq!(metric.fields["status"], 200);
    }
}

#[test]
fn a_head_request_whose_unsent_body_fails_is_a_failure_because_nothing_is_sent() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let (response, metric) = answer(&metrics, &site, "HEAD", "/fails");
    assert_eq!(response.status, 0, "not even the head: {response:?}");
    assert_eq!(metric.fields["outcome"], "body_error");
    assert_eq!(metric.fields["response_bytes"], 0);
}

#[test]
fn a_body_that_fails_after_its_last_byte_is_a_failure_because_nothing_is_sent() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let (response, metric) = answer(&metrics, &site, "GET", "/fails-after-all");
    assert_eq!(response.status, 0, "not even the head: {response:?}");
    assert_eq!(metric.fields["outcome"], "body_error");
}

#[test]
fn a_body_shorter_than_it_said_is_a_failure_because_actix_breaks_off() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let (response, metric) = answer(&metrics, &site, "GET", "/short");
    assert_eq!(response.status, 0, "not even the head: {response:?}");
    assert_eq!(metric.fields["outcome"], "body_error");
}

#[test]
fn of_a_body_longer_than_it_said_as_much_is_counted_as_was_sent() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let (response, metric) = answer(&metrics, &site, "GET", "/long");
    assert_eq!(response.body, b"four56");
    assert_eq!(metric.fields["response_bytes"], 6);
    assert_eq!(metric.fields["outcome"], "ok");
}

#[test]
fn the_time_to_the_head_ends_before_the_time_to_the_last_byte() {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let held = gate.clone();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(held.clone()))
            .route(
                "/held",
                web::get().to(|gate: web::Data<Gate>| async move {
                    let first = stream::iter([Ok::<_, Error>(Bytes::from_static(b"first"))]);
                    let rest = stream::once(async move {
                        gate.pass().await;
                        Ok(Bytes::from_static(b"second"))
                    });
                    HttpResponse::Ok().streaming(first.chain(rest))
                })
            )
            .wrap(http.clone())
    );
    let mut stream = site.ask("/held");
    read_until(&mut stream, b"first\r\n");
    let begun = metrics.snapshot();
    assert_eq!(begun.stats.total_count, 0, "it is not over with its head");
    gate.open();
    read_until(&mut stream, b"0\r\n\r\n");
    let ended = metrics.snapshot();
    let route = ended.route("GET", "/held").unwrap();
    assert_eq!(route.count_of(RequestOutcome::Ok), 1);
    assert_eq!((route.head.count(), route.tally.count()), (1, 1));
    assert_eq!(route.response_bytes, 11);
    let metric = last(&metrics);
    let Value::F64(head) = metric.fields["head_ms"] else {
        panic!("{metric:#?}")
    };
    assert!(metric.duration_ms() > head);
}

/// After its last byte it takes as long again as everything before it took, twice.
struct Lingers {
    asked: Instant,
    until_last_byte: Arc<OnceLock<Duration>>,
    is_sent: bool,
}

impl Lingers {
    fn linger(&self) {
        let before = *self.until_last_byte.get_or_init(|| self.asked.elapsed());
        let since = Instant::now();
        while since.elapsed() < before {
            std::hint::spin_loop();
        }
    }
}

impl MessageBody for Lingers {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(4)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        if std::mem::replace(&mut self.is_sent, true) {
            self.linger();
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Bytes::from_static(b"last"))))
    }
}

impl Drop for Lingers {
    fn drop(&mut self) {
        self.linger();
    }
}

/// However slow the machine is: what comes after the last byte takes longer than the client has waited for that.
#[test]
fn what_a_body_does_after_its_last_byte_is_no_time_of_its_request() {
    let (metrics, http) = measured();
    let until_last_byte = Arc::<OnceLock<Duration>>::default();
    let shared = (Instant::now(), Arc::clone(&until_last_byte));
    type Shared = web::Data<(Instant, Arc<OnceLock<Duration>>)>;
    let body = |shared: Shared| async move {
        HttpResponse::Ok().body(Lingers {
            asked: shared.0,
            until_last_byte: Arc::clone(&shared.1),
            is_sent: false,
        })
    };
    let site = serve!(
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .route("/", web::get().to(body))
            .wrap(http.clone())
    );
    assert_eq!(site.get("/").text(), "last");
    let metric = ended(&metrics);
    let most = *until_last_byte.get().expect("it has lingered");
    assert!(metric.duration <= most, "{metric:#?}");
    let trace = metrics.trace(metric.request_id.unwrap()).unwrap();
    assert!(trace.busy() <= most, "{trace}");
}
