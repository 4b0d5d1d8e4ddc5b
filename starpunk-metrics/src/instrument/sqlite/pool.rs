//! A connection manager for `r2d2` that hands out recorded connections.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Result};

use crate::instrument::sqlite::connection::MonitoredConnection;

type Init = dyn Fn(&mut Connection) -> Result<()> + Send + Sync;

/// Makes the connections of an `r2d2::Pool`, each a [`MonitoredConnection`].
///
/// It runs no statement of its own when a connection is taken or given back, but for the ROLLBACK of a transaction that was
/// left open.
///
/// ```
/// use starpunk_metrics::sqlite::SqliteManager;
///
/// fn note_count(connection: &rusqlite::Connection) -> rusqlite::Result<u32> {
///     connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
/// }
///
/// let manager = SqliteManager::memory()
///     .with_init(|connection| connection.execute_batch("CREATE TABLE IF NOT EXISTS notes (body TEXT)"));
/// let pool = r2d2::Pool::builder().max_size(2).build(manager)?;
/// let connection = pool.get()?;
/// assert_eq!(note_count(&connection)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteManager {
    path: PathBuf,
    flags: OpenFlags,
    init: Option<Box<Init>>,
}

impl SqliteManager {
    /// Manages connections to the database in this file, which is made if it is missing.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            flags: OpenFlags::default(),
            init: None,
        }
    }

    /// Manages connections to one database in memory, which ends with the last of them.
    pub fn memory() -> Self {
        // Named, because a nameless one is another for each connection.
        let name = uuid::Uuid::new_v4();
        Self::file(format!("file:starpunk-{name}?mode=memory&cache=shared"))
    }

    /// Sets the flags with which connections are opened.
    #[must_use]
    pub fn with_flags(mut self, flags: OpenFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Sets what is run on each new connection, such as its `PRAGMA`s. It is not recorded.
    #[must_use]
    pub fn with_init(
        mut self,
        init: impl Fn(&mut Connection) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.init = Some(Box::new(init));
        self
    }
}

impl r2d2::ManageConnection for SqliteManager {
    type Connection = MonitoredConnection;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<MonitoredConnection> {
        let mut connection = Connection::open_with_flags(&self.path, self.flags)?;
        if let Some(init) = &self.init {
            init(&mut connection)?;
        }
        MonitoredConnection::new(connection)
    }

    fn is_valid(&self, _connection: &mut MonitoredConnection) -> Result<()> {
        // A connection to a file does not go away; a statement here would be one for each checkout.
        Ok(())
    }

    fn has_broken(&self, connection: &mut MonitoredConnection) -> bool {
        // Asked whenever a connection is given back.
        connection.check_in().is_err()
    }
}

impl fmt::Debug for SqliteManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteManager")
            .field("path", &self.path)
            .field("flags", &self.flags)
            .finish_non_exhaustive()
    }
}
