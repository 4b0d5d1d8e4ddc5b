//! The current request: what runs for it carries its id, on any thread it was sent to.

use std::collections::HashMap;
use std::future::pending;
use std::io::Write;

use actix_web::{App, HttpResponse, web};
use r2d2::Pool;
use starpunk_metrics::sqlite::{MonitoredConnection, SqliteManager};
use starpunk_metrics::{HttpMetrics, RequestId, block, business, monitored_query, track_business};
use starpunk_metrics_tests::{serve, snapshot_when};

use crate::measured;

type Database = web::Data<Pool<SqliteManager>>;

#[monitored_query]
fn one(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT 1", [], |row| row.get(0))
}

#[monitored_query]
async fn one_elsewhere(database: Database) -> i64 {
    block(move || one(&database.get().unwrap()).unwrap())
        .await
        .unwrap()
}

/// Statements on three roads: on the worker, through `block`, and inside an annotated async query.
async fn three(id: RequestId, database: Database) -> String {
    let here = one(&database.get().unwrap()).unwrap();
    let pool = database.clone();
    let elsewhere = block(move || {
        business::track_cache_hit("from elsewhere");
        one(&pool.get().unwrap()).unwrap()
    });
    actix_web::rt::task::yield_now().await;
    let sum = here + elsewhere.await.unwrap() + one_elsewhere(database).await;
    format!("{sum} {id}")
}

#[track_business("lost")]
fn lose() {}

async fn lost(database: Database) -> HttpResponse {
    web::block(move || {
        lose();
        one(&database.get().unwrap()).unwrap()
    })
    .await
    .unwrap();
    HttpResponse::Ok().finish()
}

/// The worker's thread reports elsewhere from now on.
async fn enters_another() -> HttpResponse {
    let other = starpunk_metrics_tests::pipeline(starpunk_metrics_tests::config());
    std::mem::forget(other.enter());
    HttpResponse::Ok().finish()
}

/// Rolls back when it is dropped.
struct Unfinished(MonitoredConnection);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

async fn unfinished() -> HttpResponse {
    let connection = MonitoredConnection::open_in_memory().unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let _unfinished = Unfinished(connection);
    pending().await
}

#[monitored_query]
async fn panics_elsewhere(database: Database) {
    let panicked = block(move || {
        one(&database.get().unwrap()).unwrap();
        panic!("on purpose")
    });
    assert!(panicked.await.is_err());
}

async fn elsewhere(database: Database) -> HttpResponse {
    panics_elsewhere(database).await;
    HttpResponse::Ok().finish()
}

fn site(http: HttpMetrics) -> starpunk_metrics_tests::site::Site {
    let database = web::Data::new(
        Pool::builder()
            .max_size(4)
            .build(SqliteManager::memory())
            .unwrap(),
    );
    serve!(
        App::new()
            .app_data(database.clone())
            .route("/three", web::get().to(three))
            .route("/lost", web::get().to(lost))
            .route("/pending", web::get().to(pending::<HttpResponse>))
            .route("/unfinished", web::get().to(unfinished))
            .route("/enters-another", web::get().to(enters_another))
            .route("/panics-elsewhere", web::get().to(elsewhere))
            .wrap(http.clone())
    )
}

#[test]
fn statements_and_events_carry_the_request_on_every_road() {
    let (metrics, http) = measured();
    let site = site(http);
    let response = site.get("/three");
    let (sum, id) = response.text().split_once(' ').unwrap();
    assert_eq!((sum, id), ("3", response.request_id().as_str()));
    let all = metrics.metrics();
    assert_eq!(all.len(), 5, "{all:#?}");
    assert!(
        all.iter()
            .all(|metric| metric.request_id.unwrap().to_string() == id)
    );
    let request = all.last().unwrap();
    assert_eq!(request.operation_name, "GET /three");
    assert_eq!(request.fields["statements"], 3);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.route("GET", "/three").unwrap().statements, 3);
    assert_eq!(snapshot.unattributed, 0);
    let inside: HashMap<&str, u64> = snapshot
        .queries
        .iter()
        .map(|query| (query.name.as_str(), query.statements))
        .collect();
    assert_eq!(inside["http::context::one"], 3);
    assert_eq!(inside["http::context::one_elsewhere"], 1);
}

#[test]
fn interleaved_requests_keep_their_statements_apart() {
    let (metrics, http) = measured();
    let site = site(http);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    site.get("/three");
                }
            });
        }
    });
    let mut statements: HashMap<_, u64> = HashMap::new();
    for metric in metrics.metrics() {
        if metric.operation_name == "SELECT" {
            *statements.entry(metric.request_id.unwrap()).or_default() += 1;
        }
    }
    assert_eq!(statements.len(), 80);
    assert!(statements.values().all(|count| *count == 3));
}

#[test]
fn what_finds_no_request_while_one_is_served_is_counted() {
    let (metrics, http) = measured();
    let site = site(http);
    let _entered = metrics.enter();
    lose();
    assert_eq!(
        metrics.snapshot().unattributed,
        0,
        "nobody was being served"
    );
    let mut stream = site.connect();
    stream
        .write_all(b"GET /pending HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    lose();
    one(&MonitoredConnection::open_in_memory().unwrap()).unwrap();
    assert_eq!(metrics.snapshot().unattributed, 2);
}

#[test]
fn a_pooled_thread_does_not_keep_the_request_it_worked_for() {
    let (metrics, http) = measured();
    let site = site(http);
    for _ in 0..20 {
        site.get("/three");
        site.get("/lost");
    }
    let snapshot = snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    assert_eq!(snapshot.route("GET", "/three").unwrap().statements, 60);
    assert_eq!(snapshot.route("GET", "/lost").unwrap().statements, 0);
}

#[test]
fn what_a_cancelled_handler_does_when_it_is_dropped_is_of_its_request() {
    let (metrics, http) = measured();
    let site = site(http);
    let mut stream = site.connect();
    stream
        .write_all(b"GET /unfinished HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    snapshot_when(&metrics, |snapshot| snapshot.stats.total_count == 1);
    drop(site);
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    let all = metrics.metrics();
    let rollback = all
        .iter()
        .find(|metric| metric.operation_name == "ROLLBACK")
        .unwrap();
    assert!(rollback.request_id.is_some());
    assert_eq!(all.last().unwrap().fields["statements"], 2);
}

#[test]
fn work_that_panics_elsewhere_has_its_statements_counted_once() {
    let (metrics, http) = measured();
    let site = site(http);
    site.get("/panics-elsewhere");
    assert_eq!(
        metrics
            .snapshot()
            .route("GET", "/panics-elsewhere")
            .unwrap()
            .statements,
        1
    );
    // The statement and the request; the annotated query is told by its statement.
    assert_eq!(metrics.stats().total_count, 2);
}

#[test]
fn a_handler_that_enters_another_pipeline_for_good_loses_no_record() {
    let (metrics, http) = measured();
    let site = site(http);
    for _ in 0..2 {
        assert_eq!(site.get("/enters-another").status, 200);
    }
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.requests_in_flight, 0);
    assert_eq!(snapshot.stats.total_count, 2);
    let route = snapshot.route("GET", "/enters-another").unwrap();
    assert_eq!((route.tally.count(), route.in_flight), (2, 0));
}
