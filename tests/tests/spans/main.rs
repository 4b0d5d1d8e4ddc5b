//! The feature `tracing`: what the application logs says for which request, and what happened in those that are kept.
//!
//! The log is the process's own, so these tests have a process of their own; each looks for its requests' ids.

#![allow(clippy::unwrap_used)]

#[path = "../logged/log.rs"]
mod log;

use std::convert::Infallible;
use std::time::Duration;

use actix_web::dev::Service;
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, guard, web};
use futures_util::stream;
use starpunk_metrics::{Config, HttpMetrics, RequestContext, block, spawn};
use starpunk_metrics_tests::site::Site;
use starpunk_metrics_tests::{config, measured, serve, snapshot_when};
use tracing::field::Empty;
use tracing::{Instrument, info, info_span};

use crate::log::{lines, write_log};

async fn roads() -> HttpResponse {
    info!("in the handler");
    actix_web::rt::task::yield_now().await;
    info!("after an await");
    async { block(|| info!("in a block")).await.unwrap() }
        .instrument(info_span!("inner"))
        .await;
    spawn(async { info!("in a task") }).await.unwrap();
    let context = RequestContext::current();
    let thread = std::thread::spawn(move || context.enter(|| info!("on a thread")));
    thread.join().unwrap();
    let chunk = stream::once(async {
        info!("in the body");
        Ok::<_, Infallible>(Bytes::from_static(b"chunk"))
    });
    HttpResponse::Ok().streaming(chunk)
}

fn site(http: HttpMetrics) -> Site {
    serve!(
        App::new()
            .route("/roads/{id}", web::get().to(roads))
            .route("/fail", web::get().to(HttpResponse::InternalServerError))
            .route("/ok", web::get().to(HttpResponse::Ok))
            .service(
                web::scope("/p")
                    .service(
                        web::resource("/{kind}/{id}")
                            .guard(guard::Get())
                            .route(web::get().to(HttpResponse::Ok)),
                    )
                    .service(
                        web::resource("/{kind}/action").route(web::post().to(|| async {
                            info!("the action");
                            HttpResponse::Ok().finish()
                        }))
                    ),
            )
            .wrap(http.clone())
            .wrap_fn(|request, service| {
                let span = info_span!("outer", request_id = Empty, route = Empty);
                let answered = span.in_scope(|| service.call(request));
                async move {
                    let answered = answered.await;
                    span.in_scope(|| info!("around the request"));
                    answered
                }
            })
    )
}

/// The lines of the one request that this asks for, once it is over.
fn logged(config: Config, path: &str) -> Vec<String> {
    write_log();
    let (metrics, http) = measured(config);
    let site = site(http);
    let id = site.get(path).request_id();
    snapshot_when(&metrics, |snapshot| {
        snapshot.stats.total_count == 1 && snapshot.requests_in_flight == 0
    });
    assert!(metrics.flush());
    lines(&id)
}

#[test]
fn what_is_logged_for_a_request_says_for_which_on_every_road() {
    let lines = logged(config(), "/roads/7");
    for said in [
        "in the handler",
        "after an await",
        "in a block",
        "in a task",
        "on a thread",
        "in the body",
    ] {
        let line = lines.iter().find(|line| line.contains(said));
        let line = line.unwrap_or_else(|| panic!("{said}: {lines:#?}"));
        assert!(line.contains("request{request_id="), "{line}");
        assert!(line.contains("route=\"/roads/{id}\""), "{line}");
    }
    let in_block = lines.iter().find(|line| line.contains("in a block"));
    assert!(in_block.unwrap().contains("inner"), "{in_block:?}");
}

#[test]
fn a_span_around_it_with_room_for_id_and_route_is_told() {
    let lines = logged(config(), "/ok");
    let around = lines
        .iter()
        .find(|line| line.contains("around the request"));
    let around = around.unwrap();
    assert!(around.contains("outer{request_id="), "{around}");
    assert!(around.contains("route=\"/ok\""), "{around}");
    assert!(!around.contains("request{"), "{around}");
}

#[test]
fn what_happened_in_a_kept_request_is_one_event() {
    let event = |config, path| {
        let lines = logged(config, path);
        let mut events = lines.into_iter().filter(|line| line.contains("outcome="));
        let event = events.next();
        assert_eq!(events.next(), None);
        event
    };
    let failed = event(config().sampling_rate(0.0), "/fail").unwrap();
    for part in [
        "ERROR",
        "request failed",
        "method=\"GET\" route=\"/fail\"",
        "status=500",
        "outcome=\"server_error\"",
        "reasons=\"failed\"",
        "duration_ms=",
        "statements=0",
    ] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    let slow = config().slow_request_threshold(Duration::from_nanos(1));
    let slow = event(slow, "/ok").unwrap();
    assert!(
        slow.contains("WARN") && slow.contains("reasons=\"slow\""),
        "{slow}"
    );
    let sampled = event(config(), "/ok").unwrap();
    assert!(sampled.contains("INFO"), "{sampled}");
    assert_eq!(event(config().sampling_rate(0.0), "/ok"), None);
}

#[test]
fn the_route_is_that_of_the_path_until_routing_has_found_another() {
    write_log();
    let (_metrics, http) = measured(config());
    let site = site(http);
    let response = site.post("/p/w/action", b"");
    let lines = lines(&response.request_id());
    let said = lines.iter().find(|line| line.contains("the action"));
    assert!(
        said.unwrap().contains("route=\"/p/{kind}/{id}\""),
        "{lines:#?}"
    );
}

/// An App of its own in a handler, as a gateway may have one.
async fn asks_another(http: web::Data<HttpMetrics>) -> HttpResponse {
    let inner = App::new()
        .route("/inner", web::get().to(HttpResponse::Ok))
        .wrap((**http).clone());
    let inner = actix_web::test::init_service(inner).await;
    let request = actix_web::test::TestRequest::get().uri("/inner");
    let answered = inner.call(request.to_request()).await;
    assert_eq!(answered.unwrap().status(), 200);
    info!("after the inner one");
    HttpResponse::Ok().finish()
}

#[test]
fn a_request_inside_of_another_leaves_the_span_of_that_alone() {
    write_log();
    let (_metrics, http) = measured(config());
    let shared = http.clone();
    let site = serve!(
        App::new()
            .app_data(web::Data::new(shared.clone()))
            .route("/outer", web::get().to(asks_another))
            .wrap(http.clone())
    );
    let response = site.get("/outer");
    assert_eq!(response.status, 200);
    let lines = lines(&response.request_id());
    let after = lines
        .iter()
        .find(|line| line.contains("after the inner one"));
    let after = after.unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(after.matches("request_id=").count(), 1, "{after}");
    assert_eq!(after.matches("route=").count(), 1, "{after}");
}
