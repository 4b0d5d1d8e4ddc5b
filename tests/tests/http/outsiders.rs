//! Middlewares around ours that do as they like with what comes out of it: there is one record, of what really went through.

use std::future::poll_fn;
use std::pin::pin;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::error::{ErrorForbidden, InternalError};
use actix_web::http::StatusCode;
use actix_web::middleware::{ErrorHandlerResponse, ErrorHandlers};
use actix_web::{App, Error, HttpResponse, web};
use starpunk_metrics::HttpMetrics;
use starpunk_metrics_tests::site::Site;
use starpunk_metrics_tests::{only, serve};

use crate::{last, measured};

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/ok", web::get().to(|| async { "0123456789" }))
        .route("/forbidden", web::get().to(HttpResponse::Ok))
        .route("/teapot", web::get().to(HttpResponse::Ok))
        .route("/empty-teapot", web::get().to(HttpResponse::Ok));
}

/// What a middleware inside of ours says of a path.
fn refuse(path: &str) -> Option<Error> {
    let teapot = |response| Some(InternalError::from_response("tea", response).into());
    match path {
        "/forbidden" => Some(ErrorForbidden("not for you")),
        "/teapot" => teapot(HttpResponse::ImATeapot().body("short and stout")),
        "/empty-teapot" => teapot(HttpResponse::ImATeapot().finish()),
        _ => None,
    }
}

/// An App that refuses inside of ours, with something around it.
macro_rules! refusing {
    ($http:expr, $outside:expr) => {{
        let http: Option<HttpMetrics> = $http;
        serve!(
            App::new()
                .configure(routes)
                .wrap_fn(|request, service| {
                    let refused = refuse(request.path());
                    let answered = service.call(request);
                    async move {
                        match refused {
                            Some(error) => Err(error),
                            None => answered.await,
                        }
                    }
                })
                .wrap(actix_web::middleware::Condition::new(
                    http.is_some(),
                    http.clone().unwrap_or_default()
                ))
                .wrap_fn({
                    let outside = $outside;
                    move |request, service| {
                        let answered = service.call(request);
                        async move { outside(answered.await) }
                    }
                })
        )
    }};
}

/// Two responses are made of an error. actix makes another one.
fn look_twice(site: Option<HttpMetrics>) -> Site {
    refusing!(site, |answered: Result<ServiceResponse<_>, Error>| {
        answered.inspect_err(|error| {
            error.error_response();
            error.error_response();
        })
    })
}

/// Two responses are made of an error, and one of them is sent.
fn send_one(http: Option<HttpMetrics>, first: bool) -> Site {
    let request = || actix_web::test::TestRequest::default().to_http_request();
    let answer = move |answered: Result<ServiceResponse<_>, Error>| match answered {
        Ok(response) => Ok::<_, Error>(response.map_into_boxed_body()),
        Err(error) => {
            let both = [error.error_response(), error.error_response()];
            let [one, other] = both;
            let response = if first { one } else { other };
            Ok(ServiceResponse::new(request(), response))
        }
    };
    refusing!(http, answer)
}

/// The client gets what it got without ours, and that is what is recorded, once.
#[track_caller]
fn assert_told_as_sent(make: impl Fn(Option<HttpMetrics>) -> Site, path: &str) {
    let plain = make(None).get(path);
    let (metrics, http) = measured();
    let site = make(Some(http));
    let response = site.get(path);
    assert_eq!(response.status, plain.status);
    assert_eq!(response.body, plain.body);
    let metric = only(&metrics);
    assert_eq!(
        response.request_id(),
        metric.request_id.unwrap().to_string()
    );
    assert_eq!(metric.fields["status"], response.status, "{path}");
    assert_eq!(
        metric.fields["response_bytes"],
        response.body.len(),
        "{path}"
    );
    let outcome = if response.status < 500 {
        "client_error"
    } else {
        "server_error"
    };
    assert_eq!(metric.fields["outcome"], outcome, "{path}");
    assert_eq!(metrics.snapshot().requests_in_flight, 0);
}

#[test]
fn an_error_of_which_two_responses_were_made_and_dropped_is_told_as_it_was_sent() {
    // The response that a teapot was made from is gone after the first look, with ours or without.
    for path in ["/forbidden", "/teapot", "/empty-teapot"] {
        assert_told_as_sent(look_twice, path);
    }
}

#[test]
fn an_error_of_which_two_responses_were_made_is_told_by_the_first_where_that_is_sent() {
    for path in ["/forbidden", "/teapot", "/empty-teapot"] {
        assert_told_as_sent(|http| send_one(http, true), path);
    }
}

#[test]
fn an_error_of_which_two_responses_were_made_is_told_by_the_second_where_that_is_sent() {
    for path in ["/forbidden", "/teapot", "/empty-teapot"] {
        assert_told_as_sent(|http| send_one(http, false), path);
    }
}

#[test]
fn a_body_that_is_put_into_a_box_is_measured_as_ever() {
    let (metrics, http) = measured();
    let site = refusing!(Some(http.clone()), |answered: Result<
        ServiceResponse<_>,
        Error,
    >| {
        answered.map(ServiceResponse::map_into_boxed_body)
    });
    assert_eq!(site.get("/ok").text(), "0123456789");
    let metric = only(&metrics);
    assert_eq!(metric.fields["response_bytes"], 10);
    assert_eq!(metric.fields["outcome"], "ok");
}

/// Ours can not know what the client gets instead: it says that its own response went nowhere.
#[test]
fn a_body_that_is_replaced_is_recorded_as_one_that_nobody_read() {
    let (metrics, http) = measured();
    let site = refusing!(Some(http.clone()), |answered: Result<
        ServiceResponse<_>,
        Error,
    >| {
        answered.map(|response| response.map_body(|_, _| BoxBody::new("another")))
    });
    let response = site.get("/ok");
    assert_eq!((response.status, response.text()), (200, "another"));
    let metric = only(&metrics);
    assert_eq!(
        metric.request_id.unwrap().to_string(),
        response.request_id()
    );
    assert_eq!(metric.fields["outcome"], "aborted_body");
    assert_eq!(metric.fields["response_bytes"], 0);
    assert_eq!(metric.fields["status"], 200);
}

#[test]
fn a_response_that_is_replaced_is_recorded_as_one_that_nobody_read() {
    let (metrics, http) = measured();
    let site = refusing!(Some(http.clone()), |answered: Result<
        ServiceResponse<_>,
        Error,
    >| {
        answered.map(|response| response.into_response(HttpResponse::Accepted().body("another")))
    });
    let response = site.get("/ok");
    assert_eq!((response.status, response.text()), (202, "another"));
    assert_eq!(
        response.header("x-request-id"),
        None,
        "it is no response of ours"
    );
    let metric = only(&metrics);
    assert_eq!(metric.fields["outcome"], "aborted_body");
    assert_eq!(
        (
            metric.fields["status"] == 200,
            metric.fields["response_bytes"] == 0
        ),
        (true, true)
    );
}

#[test]
fn a_page_for_errors_outside_has_the_status_and_the_id_of_the_error_inside() {
    fn page<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
        let response = response
            .map_body(|_, _| BoxBody::new("a page"))
            .map_into_right_body();
        Ok(ErrorHandlerResponse::Response(response))
    }
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .configure(routes)
            .wrap(http.clone())
            .wrap(ErrorHandlers::new().handler(StatusCode::NOT_FOUND, page))
    );
    // An empty body was whole before it was replaced.
    let response = site.get("/nowhere");
    assert_eq!((response.status, response.text()), (404, "a page"));
    let metric = only(&metrics);
    assert_eq!(
        metric.request_id.unwrap().to_string(),
        response.request_id()
    );
    assert_eq!(metric.fields["outcome"], "client_error");
    assert_eq!(metric.fields["status"], 404);
}

#[test]
fn a_body_that_a_middleware_reads_was_written() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()).wrap_fn(
        |request, service| {
            let asks_for_its_end = request.query_string() == "end";
            let answered = service.call(request);
            async move {
                let (request, response) = answered.await?.into_parts();
                let (response, body) = response.into_parts();
                let bytes = if asks_for_its_end {
                    to_bytes(body).await.ok()
                } else {
                    let mut body = pin!(body);
                    let polled = poll_fn(|cx| body.as_mut().poll_next(cx)).await;
                    polled.and_then(Result::ok)
                };
                let response = response.set_body(BoxBody::new(bytes.unwrap()));
                Ok(ServiceResponse::new(request, response))
            }
        }
    ));
    for path in ["/ok?end", "/ok"] {
        assert_eq!(site.get(path).text(), "0123456789");
        let metric = last(&metrics);
        assert_eq!(metric.fields["outcome"], "ok", "{path}");
        assert_eq!(metric.fields["response_bytes"], 10, "{path}");
    }
    assert_eq!(metrics.stats().total_count, 2);
}
