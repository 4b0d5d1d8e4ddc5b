//! What the outermost middleware of an App sees, and what passes it by.

use std::time::Duration;

use actix_web::dev::Service;
use actix_web::error::ErrorForbidden;
use actix_web::{App, HttpResponse, web};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::Response;

use crate::{last, measured};

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/ok",
            web::get().to(|| async { HttpResponse::Ok().body("fine") }),
        )
        .route(
            "/refuse",
            web::get().to(|| async { Err::<String, _>(ErrorForbidden("not for you")) }),
        )
        .route(
            "/fail",
            web::get().to(|| async { Err::<String, _>(std::io::Error::other("on purpose")) }),
        )
        .route(
            "/number",
            web::post().to(|number: web::Json<u32>| async move { number.to_string() }),
        )
        .route(
            "/notes/{id}",
            web::get().to(|id: web::Path<u32>| async move { id.to_string() }),
        )
        .service(web::resource("/resource").route(web::get().to(HttpResponse::Ok)))
        .service(
            web::scope("/scope")
                .route("/ok", web::get().to(HttpResponse::Ok))
                .default_service(web::to(HttpResponse::Gone)),
        );
}

fn has_no_id(response: &Response) -> bool {
    let mut names = response.headers.iter().map(|(name, _)| name);
    response.status > 0 && names.all(|name| name != "x-request-id")
}

#[test]
fn each_way_to_answer_leaves_a_record_that_tells_it() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let json = [("Content-Type", "application/json")];
    for (method, path, status, name, outcome) in [
        ("GET", "/ok", 200, "GET /ok", "ok"),
        ("GET", "/refuse", 403, "GET /refuse", "client_error"),
        ("GET", "/fail", 500, "GET /fail", "server_error"),
        ("POST", "/number", 400, "POST /number", "client_error"),
        ("GET", "/notes/7", 200, "GET /notes/{id}", "ok"),
        ("GET", "/notes/x", 404, "GET /notes/{id}", "client_error"),
        ("GET", "/nowhere", 404, "GET UNMATCHED", "client_error"),
        // A route of the App is one of a resource that has a 404 for other methods.
        ("POST", "/ok", 404, "POST /ok", "client_error"),
        ("POST", "/resource", 405, "POST /resource", "client_error"),
        ("GET", "/scope/none", 410, "GET UNMATCHED", "client_error"),
    ] {
        let response = site.request(method, path, &json, b"");
        let metric = last(&metrics);
        assert_eq!(response.status, status, "{method} {path}");
        assert_eq!(metric.fields["status"], status, "{method} {path}");
        assert_eq!(metric.operation_name, name, "{method} {path}");
        assert_eq!(metric.fields["outcome"], outcome, "{method} {path}");
        let id = metric.request_id.unwrap().to_string();
        assert_eq!(response.request_id(), id, "{method} {path}");
    }
    assert_eq!(metrics.stats().total_count, 10);
}

#[test]
fn what_actix_answers_before_the_app_has_no_id_and_no_record() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new().configure(routes).wrap(http.clone()),
        client_request_timeout = Duration::from_millis(50)
    );
    let too_large = format!("GET /ok HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    for (sent, status) in [
        ("no request\r\n\r\n", 400),
        ("GET /ok HTTP/1.1\r\nno header\r\n\r\n", 400),
        (too_large.as_str(), 431),
        // Its end never comes.
        ("GET /ok HTTP/1.1\r\nHost:", 408),
    ] {
        let response = site.raw(sent.as_bytes());
        assert_eq!(response.status, status, "{response:?}");
        assert!(has_no_id(&response), "{response:?}");
    }
    assert_eq!(metrics.stats().total_count, 0);
    assert_eq!(metrics.snapshot().requests_in_flight, 0);
}

#[test]
fn what_a_middleware_outside_answers_by_itself_has_no_id_and_no_record() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()).wrap_fn(
        |request, service| {
            let is_refused = request.path() == "/refuse";
            // Called, a request belongs to the App.
            let answered = (!is_refused).then(|| service.call(request));
            async move {
                match answered {
                    Some(answered) => answered.await,
                    None => Err(ErrorForbidden("not for you")),
                }
            }
        }
    ));
    let refused = site.get("/refuse");
    assert_eq!(refused.status, 403);
    assert!(has_no_id(&refused), "{refused:?}");
    assert_eq!(metrics.stats().total_count, 0);
    site.get("/ok").request_id();
    assert_eq!(metrics.stats().total_count, 1);
}

#[test]
fn around_a_scope_it_sees_what_the_scope_answers_and_nothing_else() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/outside", web::get().to(HttpResponse::Ok))
            .service(
                web::scope("/in")
                    .wrap(http.clone())
                    .route("/ok", web::get().to(HttpResponse::Ok))
            )
    );
    for path in ["/outside", "/nowhere"] {
        assert!(has_no_id(&site.get(path)), "{path}");
    }
    assert_eq!(metrics.stats().total_count, 0);
    for (path, status, name) in [
        ("/in/ok", 200, "GET /in/ok"),
        ("/in/nowhere", 404, "GET UNMATCHED"),
    ] {
        let response = site.get(path);
        response.request_id();
        assert_eq!(response.status, status);
        assert_eq!(last(&metrics).operation_name, name);
    }
}
