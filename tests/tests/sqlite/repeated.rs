//! The same statement again and again in one request.

use actix_web::{App, HttpResponse, web};
use rusqlite::Connection;
use starpunk_metrics::sqlite::instrument;
use starpunk_metrics::{Config, Finding, FindingKind, Metrics, RequestId, block, monitored_query};
use starpunk_metrics_tests::{config, measured, serve, snapshot_when};

fn notes() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
             CREATE TABLE tags (note INTEGER, name TEXT)",
        )
        .unwrap();
    instrument(&mut connection).unwrap();
    connection
}

#[monitored_query]
fn tags_of(connection: &Connection, note: u32) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached("SELECT name FROM tags WHERE note = ?1")?;
    Ok(statement.query_map([note], |_| Ok(()))?.count())
}

async fn read(times: web::Path<u32>) -> HttpResponse {
    let work = block(move || {
        let connection = notes();
        for note in 0..*times {
            tags_of(&connection, note).unwrap();
        }
    });
    work.await.unwrap();
    HttpResponse::Ok().finish()
}

async fn write(path: web::Path<(u32, bool)>) -> HttpResponse {
    let (times, in_transaction) = path.into_inner();
    let mut connection = notes();
    if in_transaction {
        let transaction = connection.transaction().unwrap();
        for _ in 0..times {
            transaction
                .execute("INSERT INTO notes (body) VALUES ('x')", [])
                .unwrap();
        }
        transaction.commit().unwrap();
    } else {
        for _ in 0..times {
            connection
                .execute("INSERT INTO notes (body) VALUES ('x')", [])
                .unwrap();
        }
    }
    HttpResponse::Ok().finish()
}

/// Waits until so many requests have ended: what they did is looked at with the next question.
fn settled(metrics: &Metrics, all: u64) {
    snapshot_when(metrics, |snapshot| {
        let requests = snapshot.routes.iter().map(|route| route.tally.count());
        requests.sum::<u64>() == all
    });
}

/// Sends these requests to a real server, and returns their ids and what was found wrong.
fn findings(config: Config, paths: &[&str]) -> (Vec<String>, Vec<Finding>) {
    let (metrics, http) = measured(config);
    let site = serve!(
        App::new()
            .route("/read/{times}", web::get().to(read))
            .route("/write/{times}/{in_transaction}", web::get().to(write))
            .wrap(http.clone())
    );
    let ids = paths
        .iter()
        .map(|path| site.get(path).request_id())
        .collect();
    let all = paths.len() as u64;
    settled(&metrics, all);
    (ids, metrics.snapshot().findings().to_vec())
}

#[test]
fn the_same_select_five_times_in_a_request_is_a_finding() {
    let (ids, findings) = findings(config(), &["/read/5", "/read/4", "/read/7"]);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let finding = &findings[0];
    assert_eq!(finding.kind, FindingKind::RepeatedSelect);
    assert_eq!(finding.count, 2);
    assert_eq!(finding.route.as_deref(), Some("GET /read/{times}"));
    assert_eq!(
        finding.function.as_deref(),
        Some("sqlite::repeated::tags_of")
    );
    assert_eq!(
        finding.statement.as_deref(),
        Some("SELECT name FROM tags WHERE note = ?")
    );
    let evidence = &finding.evidence;
    assert!(
        evidence.contains("12 times, one of them 7 times"),
        "{evidence}"
    );
    let requests: Vec<_> = finding.requests.iter().map(RequestId::to_string).collect();
    assert_eq!(requests, [ids[2].as_str(), ids[0].as_str()]);
    assert!(!finding.time.is_zero());
}

#[test]
fn how_many_times_are_too_many_is_a_setting() {
    assert_eq!(
        findings(config().repeated_statements(8), &["/read/7"]).1,
        []
    );
    assert_eq!(
        findings(config().repeated_statements(2), &["/read/2"])
            .1
            .len(),
        1
    );
}

#[test]
fn requests_that_do_little_each_are_no_finding_together() {
    assert_eq!(findings(config(), &["/read/3"; 6]).1, []);
}

#[test]
fn writes_one_by_one_are_a_finding_outside_of_a_transaction_only() {
    let (_, inside) = findings(config(), &["/write/9/true"]);
    assert_eq!(inside, []);
    let (ids, outside) = findings(config(), &["/write/9/false"]);
    assert_eq!(outside.len(), 1, "{outside:#?}");
    assert_eq!(outside[0].kind, FindingKind::RepeatedWrite);
    assert!(outside[0].advice.contains("one transaction"));
    assert_eq!(outside[0].requests[0].to_string(), ids[0]);
}

#[test]
fn statements_know_the_routes_that_run_them() {
    let (metrics, http) = measured(config());
    let site = serve!(
        App::new()
            .route("/read/{times}", web::get().to(read))
            .route("/again/{times}", web::get().to(read))
            .wrap(http.clone())
    );
    for path in ["/read/2", "/read/1", "/again/4"] {
        site.get(path);
    }
    settled(&metrics, 3);
    assert_eq!(
        metrics.snapshot().statements()[0].routes,
        [
            ("GET /again/{times}".to_owned(), 4),
            ("GET /read/{times}".to_owned(), 3)
        ]
    );
}
