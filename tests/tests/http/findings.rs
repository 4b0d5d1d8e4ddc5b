//! What is found wrong with whole requests: on which route, what shows it, in which requests, and what to do.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::sleep;
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, web};
use futures_util::stream;
use r2d2::Pool;
use starpunk_metrics::sqlite::SqliteManager;
use starpunk_metrics::{Config, Finding, FindingKind, HttpMetrics, block, monitored_query};
use starpunk_metrics_tests::site::Site;
use starpunk_metrics_tests::{serve, snapshot_when};

use crate::notes::{author, nap, notes, publish};
use crate::undisturbed;

async fn fails_in_a_statement() -> HttpResponse {
    let connection = notes();
    author(&connection, 7).unwrap();
    publish(&connection, 7).unwrap_err();
    HttpResponse::InternalServerError().finish()
}

struct PanickingBody;

impl MessageBody for PanickingBody {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        panic!("on purpose")
    }
}

/// Its head is there at once, and its body after a while.
async fn trickles() -> HttpResponse {
    let late = stream::once(async {
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, Error>(Bytes::from_static(b"late"))
    });
    HttpResponse::Ok().streaming(late)
}

/// Fails in another way each time.
async fn fails(how: web::Path<String>) -> HttpResponse {
    match how.as_str() {
        "panic" => panic!("on purpose"),
        "body" => HttpResponse::Ok().body(PanickingBody),
        "ok" => HttpResponse::Ok().finish(),
        status => {
            let status = status.parse::<u16>().unwrap();
            HttpResponse::build(status.try_into().unwrap()).finish()
        }
    }
}

async fn slow(how: web::Path<String>) -> HttpResponse {
    match how.as_str() {
        "statement" => block(|| nap(&notes(), 20)).await.unwrap(),
        "computing" => sleep(Duration::from_millis(20)),
        _ => actix_web::rt::time::sleep(Duration::from_millis(20)).await,
    }
    HttpResponse::Ok().finish()
}

async fn blocks(how: web::Path<String>) -> HttpResponse {
    if how.as_str() == "statement" {
        nap(&notes(), 25);
    } else {
        sleep(Duration::from_millis(25));
    }
    HttpResponse::Ok().finish()
}

async fn many(count: web::Path<usize>) -> HttpResponse {
    let connection = notes();
    for columns in 1..=*count {
        let sql = format!("SELECT {} FROM notes", vec!["id"; columns].join(" + "));
        connection.query_row(&sql, [], |_| Ok(())).unwrap();
    }
    HttpResponse::Ok().finish()
}

#[monitored_query]
fn forget(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN; CREATE TABLE IF NOT EXISTS forgotten (id)")
}

async fn leaves_open(pool: web::Data<Pool<SqliteManager>>) -> HttpResponse {
    block(move || forget(&pool.get().unwrap()).unwrap())
        .await
        .unwrap();
    HttpResponse::Ok().finish()
}

async fn healthy() -> HttpResponse {
    let connection = notes();
    for _ in 0..3 {
        author(&connection, 7).unwrap();
    }
    let elsewhere = block(|| nap(&notes(), 1));
    elsewhere.await.unwrap();
    HttpResponse::Ok().finish()
}

fn site(http: HttpMetrics) -> Site {
    let pool = Pool::builder()
        .max_size(1)
        .build(SqliteManager::memory())
        .unwrap();
    let pool = web::Data::new(pool);
    serve!(
        App::new()
            .app_data(pool.clone())
            .route("/publish", web::get().to(fails_in_a_statement))
            .route("/fails/{how}", web::get().to(fails))
            .route("/slow/{how}", web::get().to(slow))
            .route("/blocks/{how}", web::get().to(blocks))
            .route("/many/{count}", web::get().to(many))
            .route("/open", web::get().to(leaves_open))
            .route("/", web::get().to(healthy))
            .route("/trickles", web::get().to(trickles))
            .route("/read", web::post().to(|_: Bytes| async { "read" }))
            .wrap(http.clone())
    )
}

/// Sends these one after another, and returns their ids, the latest first, and what was found of this kind.
fn found(config: Config, kind: FindingKind, paths: &[&str]) -> (Vec<String>, Vec<Finding>) {
    let (metrics, http) = starpunk_metrics_tests::measured(config);
    let site = site(http);
    let sent = paths.iter().map(|path| site.get(path));
    // What panics in its body has no answer, and no id that anybody could know.
    let ids = sent.filter(|response| response.status > 0);
    let mut ids: Vec<String> = ids.map(|response| response.request_id()).collect();
    ids.reverse();
    let snapshot = metrics.snapshot();
    let all = snapshot.findings();
    assert!(all.iter().all(|finding| finding.kind == kind), "{all:#?}");
    assert!(all.iter().all(|finding| !finding.advice.is_empty()));
    (ids, all.to_vec())
}

/// The only one.
fn one(found: Vec<Finding>) -> Finding {
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap()
}

fn examples(finding: &Finding) -> Vec<String> {
    finding.requests.iter().map(ToString::to_string).collect()
}

#[test]
fn a_site_without_trouble_has_no_finding() {
    let kind = FindingKind::FailingRequests;
    let paths = [
        "/",
        "/",
        "/fails/ok",
        "/nowhere",
        "/fails/404",
        "/many/50",
        "/",
    ];
    let (_, found) = found(undisturbed(), kind, &paths);
    assert_eq!(found, []);
}

#[test]
fn failing_requests_are_found_with_how_they_failed() {
    let paths = [
        "/fails/500",
        "/fails/ok",
        "/fails/404",
        "/fails/503",
        "/fails/500",
        "/fails/panic",
    ];
    let (ids, found) = found(undisturbed(), FindingKind::FailingRequests, &paths);
    let finding = one(found);
    assert_eq!(finding.route.as_deref(), Some("GET /fails/{how}"));
    assert_eq!(finding.count, 4);
    assert_eq!(
        finding.evidence,
        "4 of 6 requests failed: 2 x 500, 1 x 503, 1 x panic"
    );
    assert_eq!(examples(&finding), ids[..3]);
    assert!(finding.advice.contains("trace"), "{}", finding.advice);
    assert_eq!((finding.statement, finding.function), (None, None));
}

#[test]
fn a_panic_that_was_not_answered_with_a_500_is_not_taken_from_those_that_were() {
    let paths = ["/fails/500", "/fails/body", "/fails/500"];
    let (_, found) = found(undisturbed(), FindingKind::FailingRequests, &paths);
    assert_eq!(
        one(found).evidence,
        "3 of 3 requests failed: 2 x 500, 1 x panic"
    );
}

#[test]
fn failing_requests_are_found_with_the_statement_that_failed_in_them() {
    let paths = ["/publish"; 2];
    let (_, found) = found(undisturbed(), FindingKind::FailingRequests, &paths);
    let finding = one(found);
    assert_eq!(finding.evidence, "2 of 2 requests failed: 2 x 500");
    assert_eq!(
        finding.statement.as_deref(),
        Some("INSERT INTO feed(note) VALUES (?)")
    );
    assert!(
        finding.advice.contains("failed in it"),
        "{}",
        finding.advice
    );
}

#[test]
fn slow_requests_are_found_with_where_their_time_went() {
    let config = || undisturbed().slow_request_threshold(Duration::from_millis(10));
    for (how, statement, advice) in [
        ("statement", Some("SELECT nap(?)"), "`Snapshot::statements`"),
        ("computing", None, "computed on the worker"),
        ("waiting", None, "not measured"),
    ] {
        let path = format!("/slow/{how}");
        let (ids, found) = found(config(), FindingKind::SlowRequests, &[&path, &path]);
        let finding = one(found);
        assert_eq!(finding.route.as_deref(), Some("GET /slow/{how}"));
        assert_eq!(finding.count, 2);
        assert!(finding.time >= Duration::from_millis(40));
        let evidence = &finding.evidence;
        let start = "2 of 2 requests took 10 ms or longer; the slowest ";
        assert!(evidence.starts_with(start), "{evidence}");
        assert!(evidence.contains(" in polls"), "{evidence}");
        assert_eq!(finding.statement.as_deref(), statement, "{how}");
        assert!(finding.advice.contains(advice), "{how}: {}", finding.advice);
        assert_eq!(examples(&finding), ids);
    }
}

#[test]
fn a_client_that_sends_slowly_is_told_from_a_server_that_is_slow() {
    let config = undisturbed().slow_request_threshold(Duration::from_millis(10));
    let (metrics, http) = starpunk_metrics_tests::measured(config);
    let site = site(http);
    let mut stream =
        site.send("POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nha");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 1);
    // As a client on a bad line.
    sleep(Duration::from_millis(30));
    stream.write_all(b"lf").unwrap();
    let snapshot = snapshot_when(&metrics, |snapshot| !snapshot.findings().is_empty());
    let finding = &snapshot.findings()[0];
    let evidence = &finding.evidence;
    assert!(
        evidence.contains("waiting for the client's body"),
        "{evidence}"
    );
    assert!(
        finding.advice.contains("sends its body slowly"),
        "{finding}"
    );
    assert!(
        finding
            .to_string()
            .starts_with("slow_requests, POST /read: "),
        "{finding}"
    );
}

#[test]
fn a_body_that_trickles_is_told_from_a_head_that_is_late() {
    let config = undisturbed().slow_request_threshold(Duration::from_millis(10));
    let (_, found) = found(config, FindingKind::SlowRequests, &["/trickles"]);
    let finding = one(found);
    let evidence = &finding.evidence;
    assert!(
        evidence.contains("after the head of the response"),
        "{evidence}"
    );
    assert!(finding.advice.contains("ready early"), "{finding}");
}

#[test]
fn blocked_workers_are_found_with_the_statement_that_blocked_them() {
    let config = || undisturbed().slow_poll_threshold(Duration::from_millis(10));
    for (how, statement) in [("statement", Some("SELECT nap(?)")), ("sleep", None)] {
        let path = format!("/blocks/{how}");
        let (ids, found) = found(config(), FindingKind::BlockedExecutor, &[&path, &path]);
        let finding = one(found);
        assert_eq!(finding.route.as_deref(), Some("GET /blocks/{how}"));
        assert!(finding.time >= Duration::from_millis(50));
        let evidence = &finding.evidence;
        assert!(evidence.starts_with("2 of 2 requests held"), "{evidence}");
        assert!(evidence.contains("for 20 ms or longer"), "{evidence}");
        assert_eq!(finding.statement.as_deref(), statement);
        let advice = &finding.advice;
        assert!(advice.contains("starpunk_metrics::block(..)"), "{advice}");
        assert_eq!(
            advice.contains("statement"),
            statement.is_some(),
            "{advice}"
        );
        assert_eq!(examples(&finding), ids);
    }
}

#[test]
fn requests_of_many_statements_are_found_beyond_the_setting() {
    let config = undisturbed().many_statements(6);
    let paths = ["/many/6", "/many/9", "/many/7"];
    let (ids, found) = found(config, FindingKind::ManyStatements, &paths);
    let finding = one(found);
    assert_eq!(finding.route.as_deref(), Some("GET /many/{count}"));
    assert_eq!(finding.count, 2);
    assert_eq!(
        finding.evidence,
        "2 of 3 requests ran more than 6 statements; one of them 9"
    );
    assert_eq!(examples(&finding), ids[..2]);
    assert!(!finding.time.is_zero());
}

#[test]
fn a_transaction_that_is_left_open_is_found_in_its_request() {
    let (ids, found) = found(undisturbed(), FindingKind::LeftOpen, &["/open"]);
    let finding = one(found);
    assert_eq!(finding.route.as_deref(), Some("GET /open"));
    assert_eq!(finding.function.as_deref(), Some("http::findings::forget"));
    assert!(
        finding.evidence.contains("one connection"),
        "{}",
        finding.evidence
    );
    assert_eq!(examples(&finding), ids);
}

#[test]
fn where_clients_are_failed_comes_first() {
    let (metrics, http) = starpunk_metrics_tests::measured(undisturbed().many_statements(6));
    let site = site(http);
    for path in ["/many/9", "/fails/500"] {
        site.get(path);
    }
    let snapshot = metrics.snapshot();
    let kinds: Vec<FindingKind> = snapshot
        .findings()
        .iter()
        .map(|finding| finding.kind)
        .collect();
    assert_eq!(
        kinds,
        [FindingKind::FailingRequests, FindingKind::ManyStatements]
    );
}
