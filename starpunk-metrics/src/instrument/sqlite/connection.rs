//! A connection whose statements are recorded, with what only its caller's side can tell: errors and rows changed.

use std::any::type_name;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, CachedStatement, Connection, Error, Params, Result, Row, Statement};

use crate::instrument::sqlite::error::Failure;
use crate::instrument::sqlite::finished;
use crate::instrument::sqlite::hook::{self, Link};
use crate::instrument::sqlite::scope::{Learnt, Mode, Scope};
use crate::model::clock::Ticks;
use crate::model::operation::OutcomeKind;
use crate::model::statement::StatementDetail;
use crate::record::current;

/// A `rusqlite::Connection` whose statements are recorded.
///
/// It is used as the connection that it is. Every statement has one record, made by the hook that
/// [`sqlite::instrument`](crate::sqlite::instrument) installs; the methods here add to it whether and how the call
/// failed, how many rows it changed, and how long it took to prepare.
#[derive(Debug)]
pub struct MonitoredConnection {
    connection: Connection,
    /// The hook's half is dropped where another hook takes its place.
    link: Arc<Link>,
}

impl MonitoredConnection {
    /// Takes a connection and records its statements from now on.
    ///
    /// # Errors
    ///
    /// As [`sqlite::instrument`](crate::sqlite::instrument).
    pub fn new(mut connection: Connection) -> Result<Self> {
        let link = hook::install(&mut connection)?;
        Ok(Self { connection, link })
    }

    /// Opens the database in this file, as [`Connection::open`].
    ///
    /// # Errors
    ///
    /// As [`Connection::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(Connection::open(path)?)
    }

    /// Opens a database in memory, as [`Connection::open_in_memory`].
    ///
    /// # Errors
    ///
    /// As [`Connection::open_in_memory`].
    pub fn open_in_memory() -> Result<Self> {
        Self::new(Connection::open_in_memory()?)
    }

    /// Hands back the connection. Its statements stay recorded.
    pub fn into_inner(self) -> Connection {
        self.connection
    }

    /// Looks after a connection that its user gives back: [`SqliteManager`](crate::sqlite::SqliteManager) calls it, and so
    /// does a pool that is written by hand.
    ///
    /// A transaction that is still open is rolled back, and is a finding; so is a hook that another `trace_v2` has replaced.
    ///
    /// # Errors
    ///
    /// What the ROLLBACK returned; the connection is then of no more use.
    pub fn check_in(&self) -> Result<()> {
        // The hook has the other half, as long as it is there.
        if Arc::strong_count(&self.link) == 1 && !self.link.is_told_replaced.swap(true, Relaxed) {
            current::look_at_current(|current| current.recorder.gauges.count_replaced_hook());
        }
        if self.connection.is_autocommit() {
            self.link.is_outside();
            return Ok(());
        }
        self.link.ends_left_open.store(true, Relaxed);
        let rolled_back = self.connection.execute_batch("ROLLBACK");
        self.link.ends_left_open.store(false, Relaxed);
        rolled_back
    }

    /// As [`Connection::execute`]; the record has the rows changed.
    ///
    /// # Errors
    ///
    /// As [`Connection::execute`].
    pub fn execute<P: Params>(&self, sql: &str, params: P) -> Result<usize> {
        self.measured(Mode::One, sql, |learnt| {
            let before = self.connection.total_changes();
            let changed = self.prepare_in(sql, learnt)?.execute(params)?;
            // A statement that changes nothing, such as CREATE, returns the count of the one before it.
            let has_changed = self.connection.total_changes() != before;
            learnt.rows_changed = Some(if has_changed { changed as u64 } else { 0 });
            Ok(changed)
        })
    }

    /// Executes one statement for each of `params`, recorded as one operation with its `batch_size`; returns how many
    /// rows were changed in all.
    ///
    /// It begins no transaction: around many writes, begin one.
    ///
    /// ```
    /// use starpunk_metrics::sqlite::MonitoredConnection;
    ///
    /// let connection = MonitoredConnection::open_in_memory()?;
    /// connection.execute_batch("CREATE TABLE tags (name TEXT)")?;
    /// let tags = ["rust", "sqlite"];
    /// let changed = connection.execute_many("INSERT INTO tags VALUES (?1)", tags.map(|tag| [tag]))?;
    /// assert_eq!(changed, 2);
    /// # Ok::<(), rusqlite::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Connection::execute`], for the first that fails; those before it are done.
    pub fn execute_many<P: Params>(
        &self,
        sql: &str,
        params: impl IntoIterator<Item = P>,
    ) -> Result<usize> {
        self.measured(Mode::Batch, sql, |learnt| {
            let mut statement = self.prepare_in(sql, learnt)?;
            let mut changed = 0;
            for params in params {
                changed += statement.execute(params)?;
            }
            learnt.rows_changed = Some(changed as u64);
            Ok(changed)
        })
    }

    /// As [`Connection::execute_batch`]; each of its statements has a record.
    ///
    /// # Errors
    ///
    /// As [`Connection::execute_batch`].
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        let mut statements = Batch::new(&self.connection, sql);
        let mut start = Ticks::now();
        // Of the statements after the first nobody tells where their text begins.
        let mut text = sql;
        // One by one, because an error does not say which statement it is of.
        while let Some(mut statement) = self.told(text, start, statements.next())? {
            let prepare = start.span_until(Ticks::now());
            self.measured(Mode::One, text, |learnt| {
                learnt.prepare = Some(prepare);
                // To the first row and no further, as rusqlite does; some PRAGMAs return one.
                statement.raw_query().next()?;
                Ok(())
            })?;
            start = Ticks::now();
            text = "";
        }
        Ok(())
    }

    /// As [`Connection::query_row`].
    ///
    /// # Errors
    ///
    /// As [`Connection::query_row`]. That no row was found is recorded as an answer, and not as an error.
    pub fn query_row<T, P, F>(&self, sql: &str, params: P, f: F) -> Result<T>
    where
        P: Params,
        F: FnOnce(&Row<'_>) -> Result<T>,
    {
        self.measured(Mode::One, sql, |learnt| {
            let mut statement = self.prepare_in(sql, learnt)?;
            statement.query_row(params, |row| learnt.timed(|| f(row)))
        })
    }

    /// As [`Connection::query_one`].
    ///
    /// # Errors
    ///
    /// As [`Connection::query_one`].
    pub fn query_one<T, P, F>(&self, sql: &str, params: P, f: F) -> Result<T>
    where
        P: Params,
        F: FnOnce(&Row<'_>) -> Result<T>,
    {
        self.measured(Mode::One, sql, |learnt| {
            let mut statement = self.prepare_in(sql, learnt)?;
            statement.query_one(params, |row| learnt.timed(|| f(row)))
        })
    }

    /// As [`Connection::query_row_and_then`].
    ///
    /// # Errors
    ///
    /// As [`Connection::query_row_and_then`].
    pub fn query_row_and_then<T, E, P, F>(
        &self,
        sql: &str,
        params: P,
        f: F,
    ) -> std::result::Result<T, E>
    where
        P: Params,
        F: FnOnce(&Row<'_>) -> std::result::Result<T, E>,
        E: From<Error>,
    {
        let scope = Scope::open(&self.link, Mode::One, sql);
        let mut learnt = Learnt::default();
        // Statement and rows end inside, so that the hook has seen the end when the call is closed.
        let result = (|| {
            let mut statement = self.prepare_in(sql, &mut learnt)?;
            let mut rows = statement.query(params)?;
            let row = rows.next()?.ok_or(Error::QueryReturnedNoRows)?;
            Ok(learnt.timed(|| f(row)))
        })();
        learnt.failure = match &result {
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some(Failure {
                class: crate::instrument::outcome::short_type_name(type_name::<E>()),
                code: None,
            }),
            Err(error) => Failure::of(error),
        };
        if let Some(scope) = scope {
            scope.close(learnt);
        }
        result.map_err(E::from)?
    }

    /// As [`Connection::prepare`]; text that SQLite refuses has a record, and the statement's first one how long this took.
    ///
    /// # Errors
    ///
    /// As [`Connection::prepare`].
    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        self.measured_prepare(sql, |connection| connection.prepare(sql))
    }

    /// As [`Connection::prepare_cached`]; text that SQLite refuses has a record, and the statement's first one how long this
    /// took.
    ///
    /// # Errors
    ///
    /// As [`Connection::prepare_cached`].
    pub fn prepare_cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.measured_prepare(sql, |connection| connection.prepare_cached(sql))
    }

    /// Prepares a statement that is no part of a call.
    fn measured_prepare<'a, T>(
        &'a self,
        sql: &str,
        prepare: impl FnOnce(&'a Connection) -> Result<T>,
    ) -> Result<T> {
        if !current::has_pipeline() {
            // How long an earlier one took is not to be told of this one, if somebody records again.
            self.link.forget_prepared();
            return prepare(&self.connection);
        }
        let start = Ticks::now();
        let prepared = prepare(&self.connection);
        self.link.prepared(sql, start);
        self.told(sql, start, prepared)
    }

    /// Prepares a statement as a part of a call.
    fn prepare_in(&self, sql: &str, learnt: &mut Learnt) -> Result<Statement<'_>> {
        if !current::has_pipeline() {
            return self.connection.prepare(sql);
        }
        let start = Ticks::now();
        let prepared = self.connection.prepare(sql);
        learnt.prepare = Some(start.span_until(Ticks::now()));
        prepared
    }

    /// Records that text was refused, if it was.
    fn told<T>(&self, sql: &str, start: Ticks, prepared: Result<T>) -> Result<T> {
        if let Some(failure) = prepared.as_ref().err().and_then(Failure::of) {
            let detail = StatementDetail {
                error_class: Some(failure.class),
                error_code: failure.code,
                ..StatementDetail::default()
            };
            finished::post_refused(sql, start, OutcomeKind::Error, Some(Box::new(detail)));
        }
        prepared
    }

    /// Runs `work` as one call.
    fn measured<T>(
        &self,
        mode: Mode,
        sql: &str,
        work: impl FnOnce(&mut Learnt) -> Result<T>,
    ) -> Result<T> {
        let scope = Scope::open(&self.link, mode, sql);
        let mut learnt = Learnt::default();
        let result = work(&mut learnt);
        learnt.failure = result.as_ref().err().and_then(Failure::of);
        if let Some(scope) = scope {
            scope.close(learnt);
        }
        // An error may have rolled back the transaction.
        if learnt.failure.is_some() && self.connection.is_autocommit() {
            self.link.is_outside();
        }
        result
    }
}

impl Deref for MonitoredConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for MonitoredConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
