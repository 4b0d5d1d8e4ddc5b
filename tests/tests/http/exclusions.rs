//! Requests that are left out: answered as ever, with an id, and told of nowhere.

use std::future::pending;
use std::io::Write;

use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, web};
use futures_util::stream;
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{
    HttpMetrics, Metrics, RequestContext, RequestId, Snapshot, block, track_business,
};
use starpunk_metrics_tests::site::{Response, Site};
use starpunk_metrics_tests::{serve, snapshot_when};

use crate::measured;

#[track_business("checked")]
fn check() {}

/// A statement and a function on the worker, and the same elsewhere.
async fn work(id: RequestId) -> String {
    let ask = || {
        check();
        let connection = MonitoredConnection::open_in_memory().unwrap();
        connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
    };
    ask();
    block(ask).await.unwrap();
    id.to_string()
}

async fn panics() -> HttpResponse {
    panic!("on purpose")
}

async fn leave_out() {
    RequestContext::current().exclude();
}

/// Leaves itself out after it has waited for something, when its route is known.
async fn leave_out_late(id: RequestId) -> String {
    let body = work(id).await;
    RequestContext::current().exclude();
    body
}

/// Works in its body, which says for which request.
async fn feed() -> HttpResponse {
    HttpResponse::Ok().streaming(stream::once(async {
        check();
        Ok::<_, Error>(Bytes::from(format!("{:?}", RequestId::current())))
    }))
}

/// Here and on another thread, and each twice.
async fn leave_out_again_and_again() -> HttpResponse {
    let leave_out = || {
        RequestContext::current().exclude();
        RequestContext::current().exclude();
    };
    leave_out();
    block(leave_out).await.unwrap();
    HttpResponse::Ok().finish()
}

async fn leave_out_and_stay() -> HttpResponse {
    actix_web::rt::task::yield_now().await;
    block(|| RequestContext::current().exclude()).await.unwrap();
    pending().await
}

async fn leave_out_and_fail() -> HttpResponse {
    leave_out().await;
    HttpResponse::InternalServerError().finish()
}

async fn leave_out_and_panic() -> HttpResponse {
    leave_out().await;
    panic!("on purpose")
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(work))
        .route("/health", web::to(work))
        .route("/stays", web::get().to(pending::<HttpResponse>))
        .route("/fails", web::get().to(HttpResponse::InternalServerError))
        .route("/panics", web::get().to(panics))
        .route("/late", web::get().to(leave_out_late))
        .route("/feed", web::get().to(feed))
        .route("/late/again", web::get().to(leave_out_again_and_again))
        .route("/late/stays", web::get().to(leave_out_and_stay))
        .route("/late/fails", web::get().to(leave_out_and_fail))
        .route("/late/panics", web::get().to(leave_out_and_panic))
        .route("/notes/new", web::get().to(work))
        .route(r"/notes/{id:\d+}", web::get().to(work))
        .route("/notes/{slug}", web::get().to(work))
        .service(web::scope("/api").route("/health", web::get().to(work)));
}

fn site(exclude: impl FnOnce(HttpMetrics) -> HttpMetrics) -> (Metrics, Site) {
    let (metrics, http) = measured();
    let http = exclude(http);
    (
        metrics,
        serve!(App::new().configure(routes).wrap(http.clone())),
    )
}

/// It was answered with an id, and that is all there is of it.
fn assert_is_nowhere(metrics: &Metrics, response: &Response, status: u16) {
    assert_eq!(response.status, status, "{response:?}");
    let id: RequestId = response.request_id().parse().unwrap();
    assert!(metrics.trace(id).is_none());
    let snapshot = metrics.snapshot();
    assert!(snapshot.routes.is_empty(), "{:#?}", snapshot.routes);
    assert!(snapshot.findings().is_empty());
    assert_eq!((snapshot.requests_in_flight, snapshot.unattributed), (0, 0));
    let kept = metrics.metrics();
    assert!(
        kept.iter()
            .all(|metric| metric.operation_type.as_str() != "http")
    );
}

/// What ran inside is counted, for nobody.
fn assert_work_is_counted(metrics: &Metrics, times: u64) {
    let snapshot = metrics.snapshot();
    let names: Vec<(&str, u64)> = snapshot
        .operations
        .iter()
        .map(|series| (series.name.as_str(), series.tally.count()))
        .collect();
    assert_eq!(names, [("SELECT", 2 * times), ("checked", 2 * times)]);
    assert!(snapshot.statements()[0].routes.is_empty());
}

/// A request that is sent, and not answered for now.
fn waiting(site: &Site, path: &str) -> std::net::TcpStream {
    let mut stream = site.connect();
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn counted(snapshot: &Snapshot, method: &str, route: &str) -> u64 {
    snapshot
        .route(method, route)
        .map_or(0, |route| route.tally.count())
}

#[test]
fn a_route_that_is_left_out_has_an_id_and_nothing_else() {
    let (metrics, site) = site(|http| http.exclude("/health").exclude("/fails").exclude("/panics"));
    for method in ["GET", "POST", "HEAD"] {
        let response = site.request(method, "/health", &[], b"");
        assert_is_nowhere(&metrics, &response, 200);
    }
    let response = site.get("/health");
    assert_eq!(response.text(), response.request_id());
    assert_work_is_counted(&metrics, 4);
    assert!(
        metrics
            .metrics()
            .iter()
            .all(|metric| metric.request_id.is_none())
    );
    assert_is_nowhere(&metrics, &site.get("/fails"), 500);
    assert_is_nowhere(&metrics, &site.get("/panics"), 500);
}

#[test]
fn a_predicate_leaves_out_what_it_says() {
    let (metrics, site) = site(|http| {
        http.exclude_if(|request| request.headers().contains_key("x-probe"))
            .exclude_if(|request| request.path().starts_with("/nowhere"))
    });
    let probe = site.request("GET", "/", &[("X-Probe", "1")], b"");
    assert_is_nowhere(&metrics, &probe, 200);
    assert_is_nowhere(&metrics, &site.get("/nowhere/at/all"), 404);
    assert_eq!(site.get("/").status, 200);
    let snapshot = metrics.snapshot();
    assert_eq!(counted(&snapshot, "GET", "/"), 1);
    assert_eq!(snapshot.route("GET", "/").unwrap().statements, 2);
    assert_eq!(snapshot.routes.len(), 1);
}

#[test]
fn a_handler_leaves_its_request_out_also_after_it_has_waited() {
    let (metrics, site) = site(|http| http);
    let response = site.get("/late");
    assert_is_nowhere(&metrics, &response, 200);
    assert_eq!(response.text(), response.request_id());
    assert_work_is_counted(&metrics, 1);
    assert_is_nowhere(&metrics, &site.get("/late/fails"), 500);
    assert_is_nowhere(&metrics, &site.get("/late/panics"), 500);
    // What was gathered until then has not stayed, and others are as ever.
    site.get("/");
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.traces().len(), 1);
    assert_eq!(counted(&snapshot, "GET", "/"), 1);
}

#[test]
fn what_is_left_out_is_not_in_flight_while_it_runs() {
    let (metrics, site) = site(|http| http.exclude("/stays"));
    let _stays = waiting(&site, "/stays");
    // The one worker has taken it up by then.
    assert_eq!(site.get("/health").status, 200);
    assert_eq!(metrics.snapshot().requests_in_flight, 0);

    let _other = waiting(&site, "/late/stays");
    let left = snapshot_when(&metrics, |snapshot| {
        counted(snapshot, "GET", "/health") == 1
            && snapshot.requests_in_flight == 0
            && snapshot.route("GET", "/late/stays").is_none()
    });
    assert_eq!(left.routes.len(), 1, "{:#?}", left.routes);
}

#[test]
fn what_runs_in_what_is_left_out_has_not_lost_its_request() {
    let (metrics, site) = site(|http| http.exclude("/health"));
    let _stays = waiting(&site, "/stays");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    site.get("/health");
    site.get("/late");
    let snapshot = metrics.snapshot();
    assert_eq!(
        snapshot.count(starpunk_metrics::OperationType::Render, "checked"),
        4
    );
    assert_eq!((snapshot.requests_in_flight, snapshot.unattributed), (1, 0));
}

#[test]
fn the_body_of_what_is_left_out_works_for_its_request_too() {
    let (metrics, site) = site(|http| http.exclude("/feed"));
    let _stays = waiting(&site, "/stays");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    let response = site.get("/feed");
    let id: RequestId = response.request_id().parse().unwrap();
    assert!(response.text().contains(&format!("{:?}", Some(id))));
    let snapshot = metrics.snapshot();
    assert_eq!(
        snapshot.count(starpunk_metrics::OperationType::Render, "checked"),
        1
    );
    assert_eq!((snapshot.requests_in_flight, snapshot.unattributed), (1, 0));
}

#[test]
fn what_is_left_out_twice_is_taken_off_once() {
    let (metrics, site) = site(|http| http);
    let _stays = waiting(&site, "/stays");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    assert_eq!(site.get("/late/again").status, 200);
    assert_eq!(metrics.snapshot().requests_in_flight, 1);
}

#[test]
fn a_route_is_left_out_however_its_path_is_spelled() {
    // A panic leaves no response to ask, so there the path alone says which route it is.
    let (metrics, site) = site(|http| http.exclude("/health").exclude("/panics"));
    assert_is_nowhere(&metrics, &site.get("/h%65alth"), 200);
    assert_is_nowhere(&metrics, &site.get("/p%61nics"), 500);
}

#[test]
fn a_pattern_leaves_out_its_own_route_and_no_other_that_it_would_match() {
    let (metrics, site) = site(|http| http.exclude("/notes/{slug}").exclude("/api/health"));
    for path in [
        "/notes/new",
        "/notes/7",
        "/notes/first",
        "/health",
        "/api/health",
    ] {
        assert_eq!(site.get(path).status, 200);
    }
    let snapshot = metrics.snapshot();
    let mut routes: Vec<&str> = snapshot
        .routes
        .iter()
        .map(|route| route.route.as_str())
        .collect();
    routes.sort_unstable();
    assert_eq!(routes, ["/health", "/notes/new", r"/notes/{id:\d+}"]);
}

#[test]
fn a_pattern_with_a_condition_is_left_out_as_it_is_written() {
    let (metrics, site) = site(|http| http.exclude(r"/notes/{id:\d+}"));
    assert_is_nowhere(&metrics, &site.get("/notes/7"), 200);
    site.get("/notes/first");
    assert_eq!(counted(&metrics.snapshot(), "GET", "/notes/{slug}"), 1);
}

#[test]
fn a_route_is_left_out_also_where_an_inner_middleware_changed_the_path() {
    let (metrics, http) = measured();
    let http = http.exclude("/healthz");
    let site = serve!(
        App::new()
            .route("/healthz", web::get().to(HttpResponse::Ok))
            .wrap(actix_web::middleware::NormalizePath::trim())
            .wrap(http.clone())
    );
    for path in ["/healthz", "/healthz/"] {
        let response = site.get(path);
        response.request_id();
        assert_eq!(response.status, 200);
    }
    let snapshot = metrics.snapshot();
    assert!(snapshot.routes.is_empty(), "{:#?}", snapshot.routes);
    assert_eq!(snapshot.requests_in_flight, 0);
}
