//! Counts that are exact however fast the records come, and whoever asks meanwhile.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use rusqlite::Connection;
use starpunk_metrics::sqlite::instrument;
use starpunk_metrics::{FindingKind, block};
use starpunk_metrics_tests::{config, measured, pipeline, serve, snapshot_when};

const REQUESTS: u64 = 400;
const SELECTS_A_REQUEST: u64 = 5;

fn tags() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE tags (note INTEGER, name TEXT)")
        .unwrap();
    instrument(&mut connection).unwrap();
    connection
}

async fn read() -> HttpResponse {
    let work = block(|| {
        let connection = tags();
        for note in 0..SELECTS_A_REQUEST {
            let mut statement = connection
                .prepare_cached("SELECT name FROM tags WHERE note = ?1")
                .unwrap();
            statement
                .query_map([note as i64], |_| Ok(()))
                .unwrap()
                .count();
        }
    });
    work.await.unwrap();
    HttpResponse::Ok().finish()
}

#[test]
fn each_request_is_looked_at_with_all_its_statements() {
    read_with_clients(false);
}

#[test]
fn each_request_is_looked_at_with_all_its_statements_while_somebody_asks() {
    read_with_clients(true);
}

#[test]
fn counts_of_several_threads_are_exact() {
    let metrics = pipeline(config());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let _entered = metrics.enter();
                let connection = tags();
                select(&connection, "SELECT 1", 20_000);
            });
        }
    });
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.stats.total_count, 80_000);
    let facts = &snapshot.statements()[0].facts;
    assert_eq!((facts.rows, facts.fresh, facts.reused), (80_000, 4, 79_996));
}

#[test]
fn counts_are_exact_while_the_collector_is_held_up() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(|| Disk)
        .init();
    // All is slow, so the collector writes warnings, and waits for its disk until all is done.
    let metrics = pipeline(config().slow_query_threshold(Duration::from_nanos(1)));
    let disk = DISK.lock().unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _entered = metrics.enter();
                let connection = tags();
                select(&connection, "SELECT 1 AS held_up", 20_000);
                for _ in 0..100 {
                    connection
                        .execute_batch("BEGIN; DELETE FROM tags; COMMIT")
                        .unwrap();
                }
            });
        }
    });
    drop(disk);
    let snapshot = metrics.snapshot();
    assert!(!snapshot.dropped.is_empty(), "it was not held up");
    assert_eq!(snapshot.stats.total_count, 60_900);
    let transactions = &snapshot.transactions[0];
    assert_eq!(
        (transactions.committed, transactions.statements),
        (300, 300)
    );
    let statements = snapshot.statements().iter();
    let prepared = statements.map(|statement| statement.facts.fresh + statement.facts.reused);
    assert_eq!(prepared.sum::<u64>(), 60_900);
}

/// Four clients send the requests, and if it is wanted another thread takes snapshots all the while.
fn read_with_clients(somebody_asks: bool) {
    let (metrics, http) = measured(config());
    let site = serve!(
        App::new()
            .route("/read", web::get().to(read))
            .wrap(http.clone()),
        workers = 2
    );
    let is_over = AtomicBool::new(!somebody_asks);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                metrics.snapshot();
            }
        });
        let clients = [(); 4].map(|()| {
            scope.spawn(|| {
                for _ in 0..REQUESTS / 4 {
                    site.get("/read");
                }
            })
        });
        let ended = clients.map(|client| client.join());
        is_over.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
    });
    let snapshot = snapshot_when(&metrics, |snapshot| {
        let requests = snapshot.routes.iter().map(|route| route.tally.count());
        requests.sum::<u64>() == REQUESTS
    });
    let mut findings = snapshot.findings().iter();
    let repeated = findings
        .find(|finding| finding.kind == FindingKind::RepeatedSelect)
        .unwrap();
    assert_eq!(repeated.count, REQUESTS, "{}", repeated.evidence);
    let times = format!("{} times", REQUESTS * SELECTS_A_REQUEST);
    assert!(repeated.evidence.contains(&times), "{}", repeated.evidence);
}

fn select(connection: &Connection, sql: &str, times: u32) {
    for _ in 0..times {
        connection
            .prepare_cached(sql)
            .unwrap()
            .query_row([], |_| Ok(()))
            .unwrap();
    }
}

/// Held while nothing can be written.
static DISK: Mutex<()> = Mutex::new(());

/// Waits with the lines of one test, and forgets all.
struct Disk;

impl io::Write for Disk {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.windows(7).any(|part| part == b"held_up") {
            drop(DISK.lock());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
