use std::collections::HashSet;

use actix_web::{App, HttpResponse, web};
use starpunk_metrics::{OperationType, Outcome};
use starpunk_metrics_tests::{config, measured, only, serve};

#[test]
fn a_request_is_measured_from_set_up_to_last_byte() {
    let (metrics, http) = measured(config());
    let site = serve!(
        App::new()
            .route(
                "/notes/{id}",
                web::post().to(|body: String| async { HttpResponse::Ok().body(body) })
            )
            .wrap(http.clone())
    );
    let response = site.post("/notes/7", b"hello");
    assert_eq!(response.text(), "hello");
    let metric = only(&metrics);
    assert_eq!(metric.operation_type, OperationType::Http);
    assert_eq!(metric.operation_name, "POST /notes/{id}");
    assert_eq!(
        metric.request_id.unwrap().to_string(),
        response.request_id()
    );
    assert_eq!(metric.outcome, Outcome::Ok);
    assert_eq!(metric.fields["status"], 200);
    assert_eq!(metric.fields["request_bytes"], 5);
    assert_eq!(metric.fields["response_bytes"], 5);
    assert!(metric.duration_ms() > 0.0);
}

#[test]
fn ids_are_generated_and_unique() {
    let (metrics, http) = measured(config());
    let site = serve!(
        App::new()
            .route("/", web::get().to(HttpResponse::Ok))
            .wrap(http.clone()),
        workers = 2
    );
    let ids: HashSet<String> = (0..100).map(|_| site.get("/").request_id()).collect();
    assert_eq!(ids.len(), 100);
    assert!(ids.iter().all(|id| id.len() == 36));
    let recorded = metrics.metrics();
    let recorded: HashSet<String> = recorded
        .iter()
        .map(|metric| metric.request_id.unwrap().to_string())
        .collect();
    assert_eq!(recorded, ids);
}

#[test]
fn errors_are_kept_whatever_the_sampling() {
    let (metrics, http) = measured(config().sampling_rate(0.0));
    let site = serve!(
        App::new()
            .route("/ok", web::get().to(HttpResponse::Ok))
            .route("/fail", web::get().to(HttpResponse::InternalServerError))
            .wrap(http.clone())
    );
    assert_eq!(site.get("/ok").status, 200);
    assert_eq!(site.get("/nowhere").status, 404);
    assert_eq!(site.get("/fail").status, 500);
    let failed = only(&metrics);
    assert_eq!(failed.operation_name, "GET /fail");
    assert_eq!(failed.outcome, Outcome::Error("500"));
    assert!(failed.forced);
    assert_eq!(metrics.stats().by_type[&OperationType::Http].count, 3);
}
