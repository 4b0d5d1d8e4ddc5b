//! The pool of connections, and the one way from a handler to the database.
//!
//! Every connection is set up when it is opened and never again: neither taking one from the pool nor giving it
//! back runs a statement, so that the statements of a request are exactly those that it asks for. The pool hands out
//! connections whose statements are measured; to the functions that run them they are ordinary ones.

use std::path::Path;
use std::time::Duration;

use r2d2::{Pool, PooledConnection};
use rusqlite::Connection;
use starpunk_metrics::sqlite::{PoolEvents, SqliteManager};

use crate::error::BlogError;

/// The name under which the pool and its users are measured.
const POOL_NAME: &str = "blog";

const POOL_SIZE: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

/// The database as the handlers know it.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    pool: Pool<SqliteManager>,
}

impl Db {
    /// Opens the pool on a database that has been migrated.
    pub(crate) fn open(path: &Path) -> Result<Self, BlogError> {
        let manager = SqliteManager::file(path).with_init(set_up);
        let pool = Pool::builder()
            .max_size(POOL_SIZE)
            .connection_timeout(POOL_TIMEOUT)
            // A connection to a local file does not wear out: opening another one from time to time would only
            // run its set-up statements again.
            .max_lifetime(None)
            .idle_timeout(None)
            .event_handler(Box::new(PoolEvents::new(POOL_NAME)))
            .build(manager)?;
        Ok(Self { pool })
    }

    /// Takes a connection for this thread, which may have to wait for it.
    pub(crate) fn connection(&self) -> Result<PooledConnection<SqliteManager>, BlogError> {
        Ok(self.pool.get()?)
    }

    /// Runs `work` with a connection, on a thread where it may wait.
    ///
    /// The work goes on to its end even if the client hangs up and the calling handler is dropped. What is measured
    /// in it belongs to the request of the handler.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, BlogError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, BlogError> + Send + 'static,
    {
        let db = self.clone();
        starpunk_metrics::block(move || work(&mut *db.connection()?)).await?
    }
}

/// Opens one connection and sets it up.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    set_up(&mut connection)?;
    Ok(connection)
}

/// Sets up a new connection.
fn set_up(connection: &mut Connection) -> rusqlite::Result<()> {
    // First of all, because the change to WAL below has to wait for its turn too.
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // With WAL a power cut may lose the newest notes, but never damages the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_checks_foreign_keys_and_writes_ahead() {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(&dir.path().join("blog.db")).unwrap();
        let on: bool = connection
            .pragma_query_value(None, "foreign_keys", |row| row.get(0))
            .unwrap();
        let mode: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert!(on);
        assert_eq!(mode, "wal");
    }

    #[actix_web::test]
    async fn error_of_the_work_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("blog.db")).unwrap();
        let outcome = db.run(|_| Err::<(), _>(BlogError::NotFound("note"))).await;
        assert!(matches!(outcome, Err(BlogError::NotFound("note"))));
    }
}
