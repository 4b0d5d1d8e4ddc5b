//! Who waited for whose lock, and what becomes of a transaction that reads before it writes.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, ffi};
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{FindingKind, Metric, Metrics, Outcome, monitored_query};
use starpunk_metrics_tests::{config, pipeline};
use tempfile::TempDir;

struct Site {
    metrics: Metrics,
    dir: TempDir,
}

impl Site {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let connection = Connection::open(dir.path().join("notes.db")).unwrap();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        connection
            .execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)")
            .unwrap();
        Self {
            metrics: pipeline(config()),
            dir,
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A connection that waits so long for a lock, as its application asked for.
    fn plain(&self, timeout_millis: u64) -> Connection {
        let connection = Connection::open(self.path().join("notes.db")).unwrap();
        connection
            .busy_timeout(Duration::from_millis(timeout_millis))
            .unwrap();
        connection
    }

    fn monitored(&self, timeout_millis: u64) -> MonitoredConnection {
        MonitoredConnection::new(self.plain(timeout_millis)).unwrap()
    }

    fn of(&self, name: &str) -> Vec<Metric> {
        let all = self.metrics.metrics().into_iter();
        all.filter(|metric| metric.operation_name == name).collect()
    }
}

#[monitored_query]
fn write_for_long(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute("UPDATE notes SET body = 'long'", [])
}

#[test]
fn who_gave_up_waiting_is_told_with_how_long_it_waited_and_for_whom() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let holder = site.monitored(1_000);
    write_for_long(&holder).unwrap();
    let mut waiter = site.plain(20);
    instrument(&mut waiter).unwrap();
    // Nobody but the hook sees this error.
    waiter
        .execute("INSERT INTO notes VALUES (1, 'x')", [])
        .unwrap_err();
    let insert = &site.of("INSERT notes")[0];
    assert_eq!(insert.outcome, Outcome::Error("busy"));
    assert_eq!(insert.fields["error_code"], ffi::SQLITE_BUSY);
    assert_eq!(insert.fields["lock_given_up"], true);
    assert_eq!(insert.fields["lock_holder"].to_string(), "BEGIN IMMEDIATE");
    let waited: f64 = insert.fields["lock_wait_ms"].to_string().parse().unwrap();
    assert!(waited >= 20.0 && insert.duration_ms() >= waited);
    let snapshot = site.metrics.snapshot();
    let finding = &snapshot.findings()[0];
    assert_eq!((finding.kind, finding.count), (FindingKind::LockWait, 1));
    assert!(
        finding
            .statement
            .as_ref()
            .unwrap()
            .starts_with("INSERT INTO notes")
    );
    assert!(
        finding.evidence.contains("sqlite::locks::write_for_long"),
        "{}",
        finding.evidence
    );
}

#[test]
fn who_waited_and_got_the_lock_did_not_fail() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let holder = site.monitored(1_000);
    write_for_long(&holder).unwrap();
    let mut waiter = site.plain(30_000);
    instrument(&mut waiter).unwrap();
    let (waiting, is_waiting) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn({
            let metrics = &site.metrics;
            move || {
                let _entered = metrics.enter();
                waiting.send(()).unwrap();
                waiter
                    .execute("INSERT INTO notes VALUES (1, 'x')", [])
                    .unwrap();
            }
        });
        is_waiting.recv().unwrap();
        // Long enough for the other to have asked at least once.
        thread::sleep(Duration::from_millis(30));
        holder.execute("COMMIT", []).unwrap();
    });
    let insert = &site.of("INSERT notes")[0];
    assert_eq!(insert.outcome, Outcome::Ok);
    assert_eq!(insert.fields["lock_given_up"], false);
    let facts = site
        .metrics
        .snapshot()
        .statements()
        .iter()
        .fold((0, 0), |sum, statement| {
            (
                sum.0 + statement.facts.lock_waits,
                sum.1 + statement.facts.lock_give_ups,
            )
        });
    assert_eq!(facts, (1, 0));
    let retries = |name: &str| {
        let snapshot = site.metrics.snapshot();
        let all = snapshot.statements().iter();
        let of_name = all.filter(|statement| statement.name == name);
        of_name
            .map(|statement| statement.facts.lock_retries)
            .sum::<u64>()
    };
    assert_eq!(
        retries("INSERT notes").to_string(),
        insert.fields["lock_retries"].to_string()
    );
}

#[test]
fn a_lock_of_another_process_has_no_holder() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    // Of this connection nobody knows.
    let other = site.plain(0);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiter = site.monitored(5);
    waiter
        .execute("INSERT INTO notes VALUES (1, 'x')", [])
        .unwrap_err();
    let insert = &site.of("INSERT notes")[0];
    assert_eq!(insert.outcome, Outcome::Error("busy"));
    assert_eq!(insert.fields.get("lock_holder"), None);
}

#[test]
fn who_has_given_the_lock_back_is_nobodys_holder() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let before = site.monitored(1_000);
    before
        .execute("INSERT INTO notes VALUES (1, 'x')", [])
        .unwrap();
    write_for_long(&before).unwrap();
    before.execute("ROLLBACK", []).unwrap();
    let other = site.plain(0);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiter = site.monitored(5);
    waiter.execute("DELETE FROM notes", []).unwrap_err();
    assert_eq!(site.of("DELETE notes")[0].fields.get("lock_holder"), None);
}

#[test]
fn a_busy_handler_of_the_application_stays() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let holder = site.monitored(1_000);
    write_for_long(&holder).unwrap();
    let (asked, was_asked) = mpsc::channel();
    let mut own = site.plain(1_000);
    own.busy_handler(Some(move |attempt: i32| {
        asked.send(attempt).unwrap();
        attempt < 2
    }))
    .unwrap();
    let own = MonitoredConnection::new(own).unwrap();
    own.execute("INSERT INTO notes VALUES (1, 'x')", [])
        .unwrap_err();
    assert_eq!(was_asked.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
    let insert = &site.of("INSERT notes")[0];
    assert_eq!(insert.outcome, Outcome::Error("busy"));
    assert_eq!(insert.fields.get("lock_wait_ms"), None);
}

#[test]
fn who_does_not_want_to_wait_does_not() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let holder = site.monitored(1_000);
    write_for_long(&holder).unwrap();
    let impatient = site.monitored(0);
    impatient
        .execute("INSERT INTO notes VALUES (1, 'x')", [])
        .unwrap_err();
    let insert = &site.of("INSERT notes")[0];
    assert_eq!(insert.outcome, Outcome::Error("busy"));
    assert_eq!(insert.fields.get("lock_wait_ms"), None);
}

/// Reads, is overtaken by another writer, and then wants to write.
#[monitored_query]
fn upgrade(connection: &mut Connection, other: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.query_row("SELECT count(*) FROM notes", [], |_| Ok(()))?;
    other.execute("INSERT INTO notes (body) VALUES ('overtakes')", [])?;
    transaction.execute("UPDATE notes SET body = 'late'", [])?;
    transaction.commit()
}

#[test]
fn a_transaction_that_reads_first_and_is_refused_its_write_is_told_what_to_do() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let mut connection = site.monitored(1_000);
    let error = upgrade(&mut connection, &site.plain(0)).unwrap_err();
    assert_eq!(
        error.sqlite_error().unwrap().extended_code,
        ffi::SQLITE_BUSY_SNAPSHOT
    );
    // Nobody has told what it was; that it was refused can be seen.
    let update = &site.of("UPDATE notes")[0];
    assert_eq!(update.outcome, Outcome::Error("refused"));
    let snapshot = site.metrics.snapshot();
    let findings = snapshot.findings();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].kind, FindingKind::DeferredUpgrade);
    assert_eq!(
        findings[0].function.as_deref(),
        Some("sqlite::locks::upgrade")
    );
    assert!(findings[0].advice.contains("BEGIN IMMEDIATE"));
    let ended = &snapshot.transactions[0];
    assert_eq!((ended.committed, ended.rolled_back), (0, 1));
}

#[test]
fn the_same_through_the_wrapper_has_its_code() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let reader = site.monitored(1_000);
    reader.execute("BEGIN", []).unwrap();
    reader
        .query_row("SELECT count(*) FROM notes", [], |_| Ok(()))
        .unwrap();
    site.plain(0)
        .execute("INSERT INTO notes (body) VALUES ('overtakes')", [])
        .unwrap();
    reader.execute("DELETE FROM notes", []).unwrap_err();
    let delete = &site.of("DELETE notes");
    assert_eq!(delete.len(), 1);
    assert_eq!(delete[0].outcome, Outcome::Error("busy_snapshot"));
    assert_eq!(delete[0].fields["error_code"], ffi::SQLITE_BUSY_SNAPSHOT);
    let snapshot = site.metrics.snapshot();
    assert_eq!(snapshot.findings()[0].kind, FindingKind::DeferredUpgrade);
}

#[test]
fn who_begins_with_immediate_is_not_refused() {
    let site = Site::new();
    let _entered = site.metrics.enter();
    let mut connection = site.monitored(1_000);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    transaction.execute("DELETE FROM notes", []).unwrap();
    transaction.commit().unwrap();
    assert_eq!(site.metrics.snapshot().findings(), []);
}
