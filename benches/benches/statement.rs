//! What the hook adds to a statement.

use std::path::Path;

use benches::{compare, contender};
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{Config, Metrics};

const ROWS: i64 = 1_000;

fn database() -> Connection {
    fill(Connection::open_in_memory().expect("memory is there"))
}

/// As applications have it: in a file, written ahead.
fn file(folder: &Path, name: &str) -> Connection {
    let connection = Connection::open(folder.join(name)).expect("the folder can be written to");
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .and_then(|()| connection.pragma_update(None, "synchronous", "NORMAL"))
        .expect("these are SQLite's");
    fill(connection)
}

fn fill(connection: Connection) -> Connection {
    connection
        .execute_batch(&format!(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
             WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {ROWS})
             INSERT INTO notes SELECT id, 'a note' FROM n"
        ))
        .expect("this is SQL");
    connection
}

/// With a hook that does nothing: what SQLite itself takes to call one, below which no hook can be.
fn called() -> Connection {
    let mut connection = database();
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

fn point_select(connection: &Connection) {
    let id: i64 = connection
        .prepare_cached("SELECT id FROM notes WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([7], |row| row.get(0)))
        .expect("the note is there");
    assert_eq!(id, 7);
}

fn uncached(connection: &MonitoredConnection) {
    connection
        .query_row("SELECT id FROM notes WHERE id = ?1", [7], |row| {
            row.get::<_, i64>(0)
        })
        .expect("the note is there");
}

fn uncached_bare(connection: &Connection) {
    connection
        .query_row("SELECT id FROM notes WHERE id = ?1", [7], |row| {
            row.get::<_, i64>(0)
        })
        .expect("the note is there");
}

fn scan(connection: &Connection) {
    let mut statement = connection
        .prepare_cached("SELECT id FROM notes")
        .expect("this is SQL");
    let mut rows = statement.query([]).expect("it runs");
    let mut sum = 0;
    while let Some(row) = rows.next().expect("a row") {
        sum += row.get::<_, i64>(0).expect("a number");
    }
    assert_eq!(sum, ROWS * (ROWS + 1) / 2);
}

fn update(connection: &Connection) {
    connection
        .prepare_cached("UPDATE notes SET body = 'another note' WHERE id = ?1")
        .and_then(|mut statement| statement.execute([7]))
        .expect("the note is there");
}

fn main() {
    let metrics = Metrics::start(Config::default().test_mode(true)).expect("nothing was started");
    let bare = database();
    let called = called();
    let hooked = MonitoredConnection::new(database()).expect("the hook is installed");
    let settle = || {
        metrics.flush();
    };
    compare(
        "cached point SELECT in memory",
        5_000,
        vec![
            contender("bare", || point_select(&bare)),
            contender("a hook that does nothing", || point_select(&called)),
            contender("hook", || point_select(&hooked)),
        ],
        settle,
    );
    compare(
        "uncached point SELECT in memory",
        5_000,
        vec![
            contender("bare", || uncached_bare(&bare)),
            contender("hook", || uncached_bare(&hooked)),
            contender("MonitoredConnection", || uncached(&hooked)),
        ],
        settle,
    );
    compare(
        "scan of 1000 rows in memory",
        50,
        vec![
            contender("bare", || scan(&bare)),
            contender("a hook that does nothing", || scan(&called)),
            contender("hook", || scan(&hooked)),
        ],
        settle,
    );
    let folder = tempfile::tempdir().expect("there is room");
    let bare = file(folder.path(), "bare.db");
    let hooked = file(folder.path(), "hooked.db");
    let hooked = MonitoredConnection::new(hooked).expect("the hook is installed");
    compare(
        "cached point SELECT in a file",
        1_000,
        vec![
            contender("bare", || point_select(&bare)),
            contender("hook", || point_select(&hooked)),
        ],
        settle,
    );
    compare(
        "UPDATE in a file, each a transaction",
        200,
        vec![
            contender("bare", || update(&bare)),
            contender("hook", || update(&hooked)),
        ],
        settle,
    );
}
