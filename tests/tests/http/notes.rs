//! What the stories are about: notes in a database whose statements may be made to take their time.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{monitored_query, track_business};

/// A database of its own with one note, and `nap(ms)`, which takes that long.
pub(crate) fn notes() -> MonitoredConnection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, author TEXT, published INTEGER);
             CREATE TABLE feed (note INTEGER PRIMARY KEY);
             INSERT INTO notes VALUES (7, 'a secret author', 0);
             INSERT INTO feed VALUES (7)",
        )
        .unwrap();
    let flags = FunctionFlags::SQLITE_UTF8;
    connection
        .create_scalar_function("nap", 1, flags, |context| {
            std::thread::sleep(Duration::from_millis(context.get::<u32>(0)?.into()));
            Ok(0)
        })
        .unwrap();
    MonitoredConnection::new(connection).unwrap()
}

#[monitored_query]
pub(crate) fn author(connection: &MonitoredConnection, note: u32) -> rusqlite::Result<String> {
    connection.query_row("SELECT author FROM notes WHERE id = ?1", [note], |row| {
        row.get(0)
    })
}

/// Fails for a note that is in the feed already.
#[track_business("note_published", fields(note = note))]
pub(crate) fn publish(connection: &MonitoredConnection, note: u32) -> rusqlite::Result<usize> {
    connection.execute("UPDATE notes SET published = 1 WHERE id = ?1", [note])?;
    connection.execute("INSERT INTO feed (note) VALUES (?1)", [note])
}

/// A statement that takes so many milliseconds.
pub(crate) fn nap(connection: &MonitoredConnection, milliseconds: u32) {
    connection
        .query_row("SELECT nap(?1)", [milliseconds], |_| Ok(()))
        .unwrap();
}
