//! A database of notes, and what is asked of it.

use rusqlite::Connection;
use starpunk_metrics::MonitoredConnection;

/// How many notes there are.
pub const ROWS: i64 = 1_000;

/// In memory.
pub fn database() -> Connection {
    fill(Connection::open_in_memory().expect("memory is there"))
}

/// Puts the notes into an empty database.
pub fn fill(connection: Connection) -> Connection {
    connection
        .execute_batch(&format!(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
             CREATE TABLE visits (id INTEGER PRIMARY KEY, page TEXT);
             WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {ROWS})
             INSERT INTO notes SELECT id, 'note ' || id FROM n"
        ))
        .expect("this is SQL");
    connection
}

/// Reads one note by a statement that the connection keeps.
pub fn point_select(connection: &Connection) {
    let id: i64 = connection
        .prepare_cached("SELECT id FROM notes WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([7], |row| row.get(0)))
        .expect("the note is there");
    assert_eq!(id, 7);
}

/// Changes one note by a statement that the connection keeps.
pub fn point_update(connection: &Connection) {
    let changed = connection
        .prepare_cached("UPDATE notes SET body = ?1 WHERE id = 7")
        .and_then(|mut statement| statement.execute(["another note"]))
        .expect("the note is there");
    assert_eq!(changed, 1);
}

/// Reads one note by a statement prepared for it, by the connection's own method.
pub fn uncached_select(connection: &Connection) {
    connection
        .query_row("SELECT id FROM notes WHERE id = ?1", [7], |row| {
            row.get::<_, i64>(0)
        })
        .expect("the note is there");
}

/// The same by a method that adds the time to prepare.
pub fn uncached_select_by_ours(connection: &MonitoredConnection) {
    connection
        .query_row("SELECT id FROM notes WHERE id = ?1", [7], |row| {
            row.get::<_, i64>(0)
        })
        .expect("the note is there");
}

/// Reads two notes, by texts that are prepared anew each time.
pub fn selects_anew(connection: &Connection) {
    for sql in [
        "SELECT id FROM notes WHERE id = 7",
        "SELECT id FROM notes WHERE id = 7 AND body = 'note 7'",
    ] {
        let id: i64 = connection
            .query_row(sql, [], |row| row.get(0))
            .expect("the note is there");
        assert_eq!(id, 7);
    }
}
