//! How long transactions are open, and what they do meanwhile.

use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use starpunk_metrics::sqlite::{MonitoredConnection, SqliteManager};
use starpunk_metrics::{FindingKind, Metrics, TransactionStats, monitored_query};
use starpunk_metrics_tests::{config, names, pipeline};

fn notes() -> MonitoredConnection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)")
        .unwrap();
    MonitoredConnection::new(connection).unwrap()
}

/// What the transactions did that were begun outside of any function, or in the only one there is.
fn only(metrics: &Metrics) -> TransactionStats {
    let mut all = metrics.snapshot().transactions;
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[monitored_query]
fn save(connection: &mut Connection, bodies: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.query_row("SELECT count(*) FROM notes", [], |_| Ok(()))?;
    for body in bodies {
        transaction.execute("INSERT INTO notes (body) VALUES (?1)", [body])?;
        thread::sleep(Duration::from_millis(2));
    }
    transaction.commit()
}

#[test]
fn a_transaction_is_told_by_the_function_that_began_it() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    save(&mut notes(), &["one", "two", "three"]).unwrap();
    let stats = only(&metrics);
    assert_eq!(
        stats.function.as_deref(),
        Some("sqlite::transactions::save")
    );
    assert_eq!((stats.count(), stats.committed), (1, 1));
    assert_eq!((stats.statements, stats.writes), (4, 3));
    assert_eq!((stats.write_lock.count(), stats.commit.count()), (1, 1));
    // It slept three times, and did nothing.
    assert!(stats.idle_time >= Duration::from_millis(6), "{stats:#?}");
    assert!(stats.open_time > stats.write_lock_time);
    assert!(stats.write_lock_time >= Duration::from_millis(6));
    assert!(stats.open_time > stats.commit_time);
}

#[test]
fn what_only_reads_has_no_write_lock() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = notes();
    let transaction = connection.transaction().unwrap();
    transaction
        .query_row("SELECT count(*) FROM notes", [], |_| Ok(()))
        .unwrap();
    drop(transaction);
    let stats = only(&metrics);
    assert_eq!((stats.rolled_back, stats.write_lock.count()), (1, 0));
    assert_eq!(stats.commit.count(), 0);
}

#[test]
fn a_write_alone_is_no_transaction_of_its_own() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    notes().execute("DELETE FROM notes", []).unwrap();
    assert!(metrics.snapshot().transactions.is_empty());
}

#[test]
fn statements_say_whether_they_were_in_one() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = notes();
    connection.execute("DELETE FROM notes", []).unwrap();
    let transaction = connection.transaction().unwrap();
    transaction.execute("DELETE FROM notes", []).unwrap();
    transaction.commit().unwrap();
    let inside: Vec<bool> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.fields.get("in_transaction").is_some())
        .collect();
    assert_eq!(
        names(&metrics),
        ["DELETE notes", "BEGIN", "DELETE notes", "COMMIT"]
    );
    assert_eq!(inside, [false, false, true, true]);
}

#[test]
fn savepoints_inside_are_no_transactions_and_one_outside_is() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = notes();
    {
        let mut transaction = connection.transaction().unwrap();
        let mut savepoint = transaction.savepoint().unwrap();
        savepoint
            .execute("INSERT INTO notes (body) VALUES ('x')", [])
            .unwrap();
        savepoint.rollback().unwrap();
        savepoint.commit().unwrap();
        transaction.commit().unwrap();
    }
    assert_eq!(only(&metrics).committed, 1);
    {
        let mut savepoint = connection.savepoint().unwrap();
        let inner = savepoint.savepoint().unwrap();
        inner
            .execute("INSERT INTO notes (body) VALUES ('x')", [])
            .unwrap();
        inner.commit().unwrap();
        assert_eq!(metrics.snapshot().transactions[0].count(), 1, "it is open");
        savepoint.commit().unwrap();
    }
    let stats = only(&metrics);
    assert_eq!((stats.committed, stats.rolled_back), (2, 0));
    assert_eq!(stats.write_lock.count(), 2);
}

#[test]
fn one_that_an_error_has_rolled_back_ends_when_the_next_begins() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let connection = notes();
    connection.execute("BEGIN", []).unwrap();
    connection
        .execute("INSERT INTO notes VALUES (1, 'one')", [])
        .unwrap();
    connection
        .execute("INSERT OR ROLLBACK INTO notes VALUES (1, 'again')", [])
        .unwrap_err();
    assert!(connection.is_autocommit());
    connection.execute("BEGIN", []).unwrap();
    connection.execute("COMMIT", []).unwrap();
    let stats = only(&metrics);
    assert_eq!((stats.rolled_back, stats.committed), (1, 1));
}

#[monitored_query]
fn forget_to_commit(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN; INSERT INTO notes (body) VALUES ('lost')")
}

#[test]
fn one_that_is_open_when_its_connection_is_given_back_is_a_finding_and_rolled_back() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let manager = SqliteManager::memory().with_init(|connection| {
        connection
            .execute_batch("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, body TEXT)")
    });
    let pool = r2d2::Pool::builder().max_size(1).build(manager).unwrap();
    forget_to_commit(&pool.get().unwrap()).unwrap();
    let connection = pool.get().unwrap();
    assert!(connection.is_autocommit());
    let count: i64 = connection
        .query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 0);
    let snapshot = metrics.snapshot();
    let findings = snapshot.findings();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].kind, FindingKind::LeftOpen);
    assert_eq!(
        findings[0].function.as_deref(),
        Some("sqlite::transactions::forget_to_commit")
    );
    let stats = only(&metrics);
    assert_eq!((stats.left_open, stats.rolled_back), (1, 0));
}
