//! `X-Request-ID` on every response of the App.

use std::collections::HashSet;

use actix_web::dev::Service;
use actix_web::error::{ErrorForbidden, InternalError};
use actix_web::{App, HttpResponse, web};
use starpunk_metrics::{Config, HttpMetrics, Metrics, Outcome, RequestId};
use starpunk_metrics_tests::{config, only, serve};

use crate::measured;

/// What every test here answers: well, not at all, wrongly, and by failing.
fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/ok",
            web::get().to(|| async { HttpResponse::Ok().body("fine") }),
        )
        .route("/empty", web::get().to(HttpResponse::NoContent))
        .route(
            "/number",
            web::post().to(|number: web::Json<u32>| async move { number.to_string() }),
        )
        .route(
            "/fail",
            web::get().to(|| async { Err::<String, _>(std::io::Error::other("on purpose")) }),
        )
        .route("/panic", web::get().to(panics))
        .service(web::resource("/resource").route(web::get().to(HttpResponse::Ok)))
        .route("/id", web::get().to(own_id));
}

/// The same by the extractor, by the thread, and on another thread.
async fn own_id(id: RequestId) -> String {
    assert_eq!(RequestId::current(), Some(id));
    let elsewhere = starpunk_metrics::block(RequestId::current).await;
    assert_eq!(elsewhere.ok().flatten(), Some(id));
    id.to_string()
}

async fn panics() -> HttpResponse {
    panic!("on purpose")
}

#[test]
fn every_response_has_an_id_of_its_own() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let responses = [
        (site.get("/ok"), 200),
        (site.get("/empty"), 204),
        (site.get("/nowhere"), 404),
        (site.post("/resource", b""), 405),
        (site.post("/number", b"not json"), 400),
        (
            site.request(
                "POST",
                "/number",
                &[("Content-Type", "application/json")],
                b"x",
            ),
            400,
        ),
        (site.get("/fail"), 500),
        (site.get("/panic"), 500),
        (site.get("/ok"), 200),
    ];
    for (response, status) in &responses {
        assert_eq!(response.status, *status, "{response:?}");
    }
    let ids: HashSet<String> = responses
        .iter()
        .map(|(response, _)| response.request_id())
        .collect();
    assert_eq!(ids.len(), responses.len());
    let recorded: HashSet<String> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.request_id.unwrap().to_string())
        .collect();
    assert_eq!(recorded, ids);
}

#[test]
fn a_handler_knows_the_id_that_the_client_gets() {
    let (_metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let response = site.get("/id");
    assert_eq!(response.text(), response.request_id());
}

#[test]
fn an_id_that_the_client_sends_is_not_taken_for_ours() {
    let (_metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    for sent in ["chosen", "\u{ff}", "", "a, b"] {
        let response = site.request("GET", "/id", &[("X-Request-ID", sent)], b"");
        assert_ne!(response.request_id(), sent);
        assert_eq!(response.request_id().len(), 36);
    }
}

#[test]
fn an_error_of_a_middleware_keeps_its_status_and_body_and_gets_an_id() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .configure(routes)
            .wrap_fn(|request, service| {
                let refused: Option<actix_web::Error> = match request.path() {
                    "/forbidden" => Some(ErrorForbidden("not for you")),
                    "/teapot" => {
                        let response = HttpResponse::ImATeapot().body("short and stout");
                        Some(InternalError::from_response("tea", response).into())
                    }
                    _ => None,
                };
                let answered = service.call(request);
                async move {
                    match refused {
                        Some(error) => Err(error),
                        None => answered.await,
                    }
                }
            })
            .wrap(http.clone())
    );
    for (path, status, body) in [
        ("/forbidden", 403, "not for you"),
        ("/teapot", 418, "short and stout"),
    ] {
        let response = site.get(path);
        assert_eq!((response.status, response.text()), (status, body));
        let id = response.request_id();
        let recorded: Vec<_> = metrics
            .metrics()
            .into_iter()
            .filter(|metric| metric.request_id.unwrap().to_string() == id)
            .collect();
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0].fields["status"], status);
        assert_eq!(recorded[0].fields["response_bytes"], body.len());
        assert_eq!(recorded[0].outcome, Outcome::Ok);
    }
}

#[test]
fn ids_are_given_also_when_metrics_are_off() {
    let off = Metrics::scoped(Config::default().enabled(false)).unwrap();
    let entered = off.enter();
    let http = HttpMetrics::new();
    drop(entered);
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    let ids: HashSet<String> = ["/ok", "/nowhere", "/fail", "/panic"]
        .map(|path| site.get(path).request_id())
        .into();
    assert_eq!(ids.len(), 4);
    let response = site.get("/id");
    assert_eq!(response.text(), response.request_id());
}

#[test]
fn without_the_middleware_the_extractor_says_what_is_missing() {
    let site = serve!(App::new().configure(routes));
    let response = site.get("/id");
    assert_eq!(response.status, 500);
    assert!(response.text().contains("starpunk_metrics::HttpMetrics"));
}

#[test]
fn wrapped_twice_a_request_counts_once() {
    let (metrics, http) = measured();
    let inner = http.clone();
    let site = serve!(
        App::new()
            .service(web::scope("/in").wrap(inner.clone()).configure(routes))
            .wrap(http.clone())
    );
    let response = site.get("/in/id");
    assert_eq!(response.text(), response.request_id());
    assert_eq!(only(&metrics).operation_name, "GET /in/id");
    assert_eq!(site.get("/in/panic").status, 500);
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn a_worker_lives_on_after_a_panic() {
    let (metrics, http) = measured();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    assert_eq!(site.get("/panic").status, 500);
    assert_eq!(site.get("/ok").status, 200);
    let all = metrics.metrics();
    assert_eq!(all[0].outcome, Outcome::Panic);
    assert_eq!(all[0].operation_name, "GET /panic");
    assert_eq!(all[0].fields["status"], 500);
    assert_eq!(metrics.snapshot().requests_in_flight, 0);
}

#[test]
fn nothing_is_recorded_where_another_pipeline_was_entered() {
    let (metrics, http) = measured();
    let other = starpunk_metrics_tests::pipeline(config());
    let _entered = other.enter();
    let site = serve!(App::new().configure(routes).wrap(http.clone()));
    site.get("/ok");
    assert_eq!(metrics.stats().total_count, 1);
    assert_eq!(other.stats().total_count, 0);
}

#[test]
fn a_body_knows_its_id_also_when_metrics_are_off() {
    let off = Metrics::scoped(Config::default().enabled(false)).unwrap();
    let entered = off.enter();
    let http = HttpMetrics::new();
    drop(entered);
    let body = || async {
        HttpResponse::Ok().streaming(futures_util::stream::once(async {
            let id = RequestId::current().map(|id| id.to_string());
            Ok::<_, actix_web::Error>(web::Bytes::from(id.unwrap_or_default()))
        }))
    };
    let site = serve!(
        App::new()
            .route("/", web::get().to(body))
            .wrap(http.clone())
    );
    let response = site.get("/");
    assert!(
        response.text().contains(&response.request_id()),
        "{response:?}"
    );
}

#[test]
fn an_id_that_a_handler_sets_gives_way_to_ours() {
    let (metrics, http) = measured();
    let handler = || async {
        HttpResponse::Ok()
            .insert_header(("X-Request-ID", "chosen"))
            .finish()
    };
    let site = serve!(
        App::new()
            .route("/", web::get().to(handler))
            .wrap(http.clone())
    );
    // There is one, which is the record's.
    let id = site.get("/").request_id();
    assert_eq!(id, only(&metrics).request_id.unwrap().to_string());
}
