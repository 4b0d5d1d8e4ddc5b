//! Errors that make their response themselves, and may make another one each time: the one that is sent is told.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, ResponseError};
use futures_util::{StreamExt, stream};
use starpunk_metrics_tests::site::{read_until, reset};
use starpunk_metrics_tests::{only, serve};

use crate::{ended, measured};

/// Streams a response that says a status, which the error by itself does not.
#[derive(Debug)]
struct Refused {
    /// From the second response on there is no end.
    is_endless: bool,
    made: AtomicUsize,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl ResponseError for Refused {
    fn error_response(&self) -> HttpResponse {
        let is_later = self.made.fetch_add(1, SeqCst) > 0;
        let body = stream::iter(["not ", "for you"]).map(|part| Ok::<_, Error>(Bytes::from(part)));
        let mut response = HttpResponse::Forbidden();
        if self.is_endless && is_later {
            response.streaming(body.chain(stream::pending()))
        } else {
            response.streaming(body)
        }
    }
}

/// An App that refuses everything, inside of ours, and what is around it.
macro_rules! refusing {
    ($http:expr, $is_endless:expr, $outside:expr) => {{
        let (http, is_endless) = ($http, $is_endless);
        serve!(
            App::new()
                .wrap_fn(move |request, service| {
                    let answered = service.call(request);
                    async move {
                        let _answered = answered.await?;
                        let made = AtomicUsize::new(0);
                        Err::<ServiceResponse, Error>(Refused { is_endless, made }.into())
                    }
                })
                .wrap(http.clone())
                .wrap_fn(|request, service| {
                    let answered = service.call(request);
                    async move {
                        let Err(error) = answered.await else {
                            unreachable!("it refuses everything")
                        };
                        $outside(error).await
                    }
                })
        )
    }};
}

/// One response is read here, and another one is sent.
async fn read_one(error: Error) -> Result<ServiceResponse, Error> {
    let read = to_bytes(error.error_response().into_body()).await;
    assert_eq!(read.unwrap(), "not for you");
    Err(error)
}

/// The response is sent with another body.
async fn replace_body(error: Error) -> Result<ServiceResponse, Error> {
    let response = error.error_response().set_body(BoxBody::new("a page"));
    let request = actix_web::test::TestRequest::default().to_http_request();
    Ok(ServiceResponse::new(request, response))
}

#[test]
fn an_error_whose_response_gets_another_body_has_the_status_that_was_sent() {
    let (metrics, http) = measured();
    let site = refusing!(http.clone(), false, replace_body);
    let response = site.get("/");
    assert_eq!((response.status, response.text()), (403, "a page"));
    let metric = only(&metrics);
    assert_eq!(metric.fields["status"], 403);
    assert_eq!(
        metric.request_id.unwrap().to_string(),
        response.request_id()
    );
    assert_eq!(metrics.snapshot().requests_in_flight, 0);
}

#[test]
fn of_two_responses_that_are_streamed_the_bytes_of_the_sent_one_count() {
    let (metrics, http) = measured();
    let site = refusing!(http.clone(), false, read_one);
    let response = site.get("/");
    assert_eq!(response.status, 403);
    assert_eq!(response.text(), "4\r\nnot \r\n7\r\nfor you\r\n0\r\n\r\n");
    let metric = only(&metrics);
    assert_eq!(metric.fields["response_bytes"], 11);
    assert_eq!(metric.fields["outcome"], "client_error");
}

#[test]
fn a_client_that_leaves_the_second_response_aborts_it_though_the_first_was_whole() {
    let (metrics, http) = measured();
    let site = refusing!(http.clone(), true, read_one);
    let mut stream = site.ask("/");
    // The rest of what came is not read, which makes closing a reset.
    read_until(&mut stream, b"\r\n\r\n");
    reset(stream);
    let metric = ended(&metrics);
    assert_eq!(metric.fields["outcome"], "aborted_body");
    assert_eq!(metric.fields["status"], 403);
}
