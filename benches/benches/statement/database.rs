//! The databases, and the statements that run on them.

use std::cell::Cell;
use std::path::Path;

use benches::statement::{ROWS, fill};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{CachedStatement, Connection, Result};
use starpunk_metrics::sqlite::{self, MonitoredConnection};

/// Whichever connection it is, a statement comes from its cache.
pub(crate) trait Cached {
    fn cached(&self, sql: &str) -> Result<CachedStatement<'_>>;
}

impl Cached for Connection {
    fn cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.prepare_cached(sql)
    }
}

impl Cached for MonitoredConnection {
    fn cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.prepare_cached(sql)
    }
}

/// As applications have it: in a file, written ahead.
pub(crate) fn file(folder: &Path, name: &str, synchronous: &str) -> Connection {
    let path = folder.join(format!("{name}-{synchronous}.db"));
    let connection = Connection::open(path).expect("the folder can be written to");
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .and_then(|()| connection.pragma_update(None, "synchronous", synchronous))
        .expect("these are SQLite's");
    fill(connection)
}

/// With a hook that does nothing: what SQLite itself takes to call one, below which no hook can be.
pub(crate) fn called(mut connection: Connection) -> Connection {
    connection
        .trace_v2(
            TraceEventCodes::SQLITE_TRACE_STMT
                | TraceEventCodes::SQLITE_TRACE_ROW
                | TraceEventCodes::SQLITE_TRACE_PROFILE,
            Some(|_: TraceEvent<'_>| {}),
        )
        .expect("it takes a hook");
    connection
}

pub(crate) fn hooked(mut connection: Connection) -> Connection {
    sqlite::instrument(&mut connection).expect("it takes a hook");
    connection
}

pub(crate) fn monitored(connection: Connection) -> MonitoredConnection {
    MonitoredConnection::new(connection).expect("it takes a hook")
}

pub(crate) fn point_select(connection: &impl Cached) {
    let id: i64 = connection
        .cached("SELECT id FROM notes WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([7], |row| row.get(0)))
        .expect("the note is there");
    assert_eq!(id, 7);
}

/// Of all rows, read one by one.
pub(crate) fn scan(connection: &impl Cached) {
    let mut statement = connection
        .cached("SELECT id FROM notes")
        .expect("this is SQL");
    let mut rows = statement.query([]).expect("it runs");
    let mut sum = 0;
    while let Some(row) = rows.next().expect("a row") {
        sum += row.get::<_, i64>(0).expect("a number");
    }
    assert_eq!(sum, ROWS * (ROWS + 1) / 2);
}

/// One that lacks an index.
pub(crate) fn search(connection: &impl Cached) {
    let id: i64 = connection
        .cached("SELECT id FROM notes WHERE body = ?1")
        .and_then(|mut statement| statement.query_row(["note 700"], |row| row.get(0)))
        .expect("the note is there");
    assert_eq!(id, 700);
}

pub(crate) fn update(connection: &impl Cached) {
    connection
        .cached("UPDATE notes SET body = 'another note' WHERE id = ?1")
        .and_then(|mut statement| statement.execute([7]))
        .expect("the note is there");
}

/// Inserts rows, so many in each transaction.
pub(crate) struct Inserts<C> {
    connection: C,
    each: u32,
    open: Cell<u32>,
}

impl<C: Cached> Inserts<C> {
    pub(crate) fn new(connection: C, each: u32) -> Self {
        Self {
            connection,
            each,
            open: Cell::new(0),
        }
    }

    /// One more; the first begins a transaction, and the last commits it.
    pub(crate) fn insert(&self) {
        if self.open.get() == 0 {
            self.run("BEGIN IMMEDIATE");
        }
        self.connection
            .cached("INSERT INTO visits (page) VALUES (?1)")
            .and_then(|mut statement| statement.execute(["/notes/a-note"]))
            .expect("there is room");
        self.open.set(self.open.get() + 1);
        if self.open.get() == self.each {
            self.run("COMMIT");
            self.open.set(0);
        }
    }

    fn run(&self, sql: &str) {
        self.connection
            .cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .expect("nobody else writes");
    }
}
