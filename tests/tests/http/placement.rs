//! Where it may stand: around an App, a scope, a resource or a route, under a condition, twice, among others.

use actix_web::middleware::{Compat, Condition, Logger, NormalizePath};
use actix_web::{App, HttpResponse, web};
use starpunk_metrics::RequestId;
use starpunk_metrics_tests::{only, serve};

use crate::{last, measured};

async fn id(id: RequestId) -> String {
    id.to_string()
}

#[test]
fn it_measures_a_scope_a_resource_and_a_route_alone() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .service(
                web::scope("/scope")
                    .wrap(http.clone())
                    .route("/id", web::get().to(id))
            )
            .service(
                web::resource("/resource")
                    .wrap(http.clone())
                    .route(web::get().to(id))
            )
            .route("/route", web::get().to(id).wrap(http.clone()))
            .route("/none", web::get().to(HttpResponse::Ok))
    );
    for path in ["/scope/id", "/resource", "/route"] {
        let response = site.get(path);
        assert_eq!(response.text(), response.request_id());
        assert_eq!(last(&metrics).operation_name, format!("GET {path}"));
    }
    assert_eq!(site.get("/none").header("x-request-id"), None);
    // The resource has others answered too.
    assert_eq!(site.post("/resource", b"").status, 405);
    assert_eq!(last(&metrics).operation_name, "POST /resource");
    assert_eq!(metrics.stats().total_count, 4);
}

#[test]
fn under_a_condition_it_measures_or_is_not_there() {
    for enabled in [true, false] {
        let (metrics, http) = measured();
        let site = serve!(
            App::new()
                .route("/fine", web::get().to(|| async { "fine" }))
                .wrap(Condition::new(enabled, http.clone()))
        );
        let response = site.get("/fine");
        assert_eq!((response.status, response.text()), (200, "fine"));
        assert_eq!(response.header("x-request-id").is_some(), enabled);
        assert_eq!(metrics.stats().total_count, u64::from(enabled));
    }
}

#[test]
fn it_stands_among_other_middlewares_and_in_boxes() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .service(
                web::scope("/scope")
                    .wrap(Compat::new(Logger::default()))
                    .route("/id", web::get().to(id))
            )
            .wrap(Logger::default())
            .wrap(NormalizePath::trim())
            .wrap(Condition::new(true, Compat::new(http.clone())))
            .wrap(Logger::default())
    );
    let response = site.get("/scope/id/");
    assert_eq!(response.text(), response.request_id());
    let metric = only(&metrics);
    assert_eq!(metric.operation_name, "GET /scope/id");
    assert_eq!(metric.fields["response_bytes"], 36);
}

#[test]
fn wrapped_around_the_app_a_scope_and_a_resource_each_request_counts_once() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .service(
                web::scope("/scope")
                    .service(
                        web::resource("/id")
                            .wrap(http.clone())
                            .route(web::get().to(id))
                    )
                    .wrap(http.clone())
            )
            .wrap(http.clone())
            .wrap(http.clone())
    );
    for path in ["/scope/id", "/scope/nowhere", "/nowhere"] {
        let response = site.get(path);
        let metric = last(&metrics);
        assert_eq!(
            response.request_id(),
            metric.request_id.unwrap().to_string()
        );
        assert_eq!(metric.fields["response_bytes"], response.body.len());
    }
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.stats.total_count, 3);
    assert_eq!(snapshot.requests_in_flight, 0);
    assert_eq!(snapshot.route("GET", "/scope/id").unwrap().head.count(), 1);
}
