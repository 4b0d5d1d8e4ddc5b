//! Every way in which a request can end, and what it read and wrote until then.

use std::future::pending;
use std::io::{Read, Write};
use std::task::{Context, Poll};

use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpRequest, HttpResponse, web};
use futures_util::stream;
use starpunk_metrics::{OperationType, Outcome};
use starpunk_metrics_tests::site::reset;
use starpunk_metrics_tests::{only, serve, snapshot_when};

use crate::measured;

const CHUNK: &[u8] = &[b'x'; 1_000];

async fn broken() -> HttpResponse {
    let chunk = Bytes::from_static(CHUNK);
    let chunks = [Ok(chunk), Err(std::io::Error::other("on purpose"))];
    HttpResponse::Ok().streaming(stream::iter(chunks))
}

/// Two chunks, and then nothing ever.
async fn endless() -> HttpResponse {
    let begun = stream::iter([
        Ok::<_, Error>(Bytes::from_static(CHUNK)),
        Ok(Bytes::from_static(CHUNK)),
    ]);
    HttpResponse::Ok().streaming(futures_util::StreamExt::chain(begun, stream::pending()))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/bytes",
            web::to(|| async { HttpResponse::Ok().body("0123456789") }),
        )
        .route(
            "/empty",
            web::get().to(|| async { HttpResponse::Ok().body("") }),
        )
        .route(
            "/read",
            web::post().to(|body: Bytes| async move { body.len().to_string() }),
        )
        .route("/ignore", web::post().to(HttpResponse::Ok))
        .route("/broken", web::get().to(broken))
        .route("/endless", web::get().to(endless))
        .route("/pending", web::get().to(pending::<HttpResponse>))
        .route("/bad-gateway", web::get().to(HttpResponse::BadGateway));
}

#[test]
fn request_bytes_are_those_that_were_read() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    assert_eq!(site.post("/read", &[b'x'; 5_000]).text(), "5000");
    let chunked = site.raw(
        b"POST /read HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
          5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    );
    assert_eq!(chunked.text(), "11");
    assert_eq!(site.post("/ignore", b"not read by anyone").status, 200);
    let read: Vec<String> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.fields["request_bytes"].to_string())
        .collect();
    assert_eq!(read, ["5000", "11", "0"]);
}

#[test]
fn a_status_of_5xx_is_an_error_and_one_of_4xx_is_not() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    site.get("/bad-gateway");
    site.get("/nowhere");
    let outcomes: Vec<Outcome> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::Error("502"), Outcome::Ok]);
}

#[test]
fn a_body_that_fails_is_recorded_although_its_status_was_200() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    site.get("/broken");
    let metric = only(&metrics);
    assert_eq!(metric.outcome, Outcome::Error("body_error"));
    assert!(metric.forced);
    assert_eq!(metric.fields["status"], 200);
}

#[test]
fn a_client_that_leaves_before_the_answer_cancels_the_request() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let mut stream = site.connect();
    // The first answer is left unread, so that closing resets the connection.
    let both = "GET /bytes HTTP/1.1\r\nHost: localhost\r\n\r\nGET /pending HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(both.as_bytes()).unwrap();
    snapshot_when(&metrics, |snapshot| {
        snapshot.requests_in_flight == 1 && snapshot.stats.total_count == 1
    });
    reset(stream);
    let ended = snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    assert_eq!(ended.route("GET", "/pending").unwrap().tally.cancelled(), 1);
    let cancelled = metrics.metrics().pop().unwrap();
    assert_eq!(cancelled.outcome, Outcome::Cancelled);
    assert!(cancelled.forced);
    assert_eq!(cancelled.fields.get("status"), None);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_the_body_cancels_the_request() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let mut stream = site.connect();
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut some = [0; 100];
    stream.read_exact(&mut some).unwrap();
    reset(stream);
    snapshot_when(&metrics, |snapshot| {
        snapshot.requests_in_flight == 0 && snapshot.stats.total_count == 1
    });
    let metric = only(&metrics);
    assert_eq!(metric.outcome, Outcome::Cancelled);
    assert_eq!(metric.fields["status"], 200);
    assert_eq!(metric.fields["response_bytes"], 2_000);
}

#[test]
fn requests_in_flight_are_cancelled_by_the_end_of_the_server() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let mut stream = site.connect();
    stream
        .write_all(b"GET /pending HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    drop(site);
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    assert_eq!(only(&metrics).outcome, Outcome::Cancelled);
}

#[test]
fn a_panic_before_the_future_is_a_panic_too() {
    struct PanicsInCall;
    struct PanickingService<S>(S);

    impl<S: Service<ServiceRequest>> Transform<S, ServiceRequest> for PanicsInCall {
        type Response = S::Response;
        type Error = S::Error;
        type Transform = PanickingService<S>;
        type InitError = ();
        type Future = std::future::Ready<Result<PanickingService<S>, ()>>;

        fn new_transform(&self, service: S) -> Self::Future {
            std::future::ready(Ok(PanickingService(service)))
        }
    }

    impl<S: Service<ServiceRequest>> Service<ServiceRequest> for PanickingService<S> {
        type Response = S::Response;
        type Error = S::Error;
        type Future = S::Future;

        fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
            self.0.poll_ready(cx)
        }

        fn call(&self, request: ServiceRequest) -> S::Future {
            assert_ne!(request.path(), "/bytes", "on purpose");
            self.0.call(request)
        }
    }

    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .configure(routes)
            .wrap(PanicsInCall)
            .wrap(http.clone())
    );
    let response = site.get("/bytes");
    assert_eq!(response.status, 500);
    response.request_id();
    let metric = only(&metrics);
    assert_eq!(metric.outcome, Outcome::Panic);
    // Routing never happened, so the path alone says which route it would have been.
    assert_eq!(metric.operation_name, "GET /bytes");
    assert_eq!(site.get("/empty").status, 200);
}

#[test]
fn an_error_that_an_outer_middleware_swallows_is_recorded_once() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .wrap_fn(|request: ServiceRequest, service| {
                let refused = request.path() == "/refused";
                let answered = service.call(request);
                async move {
                    if refused {
                        return Err(actix_web::error::ErrorServiceUnavailable("busy"));
                    }
                    answered.await
                }
            })
            .wrap(http.clone())
            .wrap_fn(|request, service| {
                let answered = service.call(request);
                async move {
                    match answered.await {
                        Ok(response) => Ok(response.map_into_boxed_body()),
                        Err(_swallowed) => {
                            let request: HttpRequest =
                                actix_web::test::TestRequest::default().to_http_request();
                            Ok(ServiceResponse::new(request, HttpResponse::Ok().finish()))
                        }
                    }
                }
            })
    );
    assert_eq!(site.get("/refused").status, 200);
    let metric = only(&metrics);
    assert_eq!(metric.outcome, Outcome::Error("503"));
    assert_eq!(metric.fields["status"], 503);
    assert_eq!(metrics.stats().by_type[&OperationType::Http].count, 1);
}
