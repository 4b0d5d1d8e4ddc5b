//! Databases with ten notes, and what a pipeline was told of them.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use starpunk_metrics::sqlite::{MonitoredConnection, instrument};
use starpunk_metrics::{Metric, Metrics, Outcome};
use tempfile::TempDir;

/// Name, rows and outcome of a record.
pub(crate) type Told = (String, String, Outcome);

/// A database in a file, that several connections have open.
pub(crate) struct Database {
    dir: TempDir,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self::with_journal("WAL")
    }

    pub(crate) fn with_journal(mode: &str) -> Self {
        let database = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let connection = database.plain(0);
        connection
            .pragma_update(None, "journal_mode", mode)
            .unwrap();
        fill(&connection);
        database
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("notes.db")
    }

    /// A connection of which nobody knows, and that waits so long for a lock.
    pub(crate) fn plain(&self, timeout_millis: u64) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection
            .busy_timeout(Duration::from_millis(timeout_millis))
            .unwrap();
        connection
    }

    pub(crate) fn watched(&self, timeout_millis: u64) -> Connection {
        let mut connection = self.plain(timeout_millis);
        instrument(&mut connection).unwrap();
        connection
    }

    pub(crate) fn monitored(&self) -> MonitoredConnection {
        MonitoredConnection::new(self.plain(0)).unwrap()
    }

    /// A connection of which nobody knows, and that has the write lock until it is dropped.
    pub(crate) fn locked(&self) -> Connection {
        let connection = self.plain(0);
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }

    /// Makes a table, so that all other connections have to prepare their statements again.
    pub(crate) fn create_table(&self, name: &str) {
        self.plain(0)
            .execute_batch(&format!("CREATE TABLE {name} (x)"))
            .unwrap();
    }

    /// Attaches this database to a connection with another, as `aux`.
    pub(crate) fn attach_to(&self, connection: &Connection) {
        connection
            .execute("ATTACH ?1 AS aux", [self.path().to_str().unwrap()])
            .unwrap();
    }
}

pub(crate) fn in_memory() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    fill(&connection);
    instrument(&mut connection).unwrap();
    connection
}

pub(crate) fn fill(connection: &Connection) {
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT UNIQUE);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
             INSERT INTO notes SELECT i, 'note ' || i FROM n",
        )
        .unwrap();
}

pub(crate) fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.query_row(sql, [], |_| Ok(()))
}

pub(crate) fn count_rows(connection: &Connection, sql: &str) -> usize {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |_| Ok(())).unwrap().count()
}

/// Every record, oldest first.
pub(crate) fn told(metrics: &Metrics) -> Vec<Told> {
    let tell = |metric: Metric| {
        let rows = metric.fields["rows"].to_string();
        (metric.operation_name, rows, metric.outcome)
    };
    metrics.metrics().into_iter().map(tell).collect()
}

/// What is told of a statement that succeeded.
pub(crate) fn ok(name: &str, rows: usize) -> Told {
    (name.to_owned(), rows.to_string(), Outcome::Ok)
}

/// The newest record.
pub(crate) fn newest(metrics: &Metrics) -> Metric {
    metrics.metrics().pop().unwrap()
}

/// A field that is a number; 0 where it is absent.
pub(crate) fn number(metric: &Metric, name: &str) -> f64 {
    let field = metric.fields.get(name);
    field.map_or(0.0, |value| value.to_string().parse().unwrap())
}

/// A field as text.
pub(crate) fn text(metric: &Metric, name: &str) -> Option<String> {
    metric.fields.get(name).map(ToString::to_string)
}
