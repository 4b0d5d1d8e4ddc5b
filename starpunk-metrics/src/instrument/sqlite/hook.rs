//! Installs the hook on a connection, and what it shares with the `MonitoredConnection` around it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, Result};

use crate::instrument::sqlite::lock::{self, Locks};
use crate::instrument::sqlite::probe::Probe;
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::model::clock::{TickSpan, Ticks};
use crate::model::statement::StatementDetail;

/// Nothing is prepared in less.
const LEAST_PREPARE: Duration = Duration::from_nanos(500);

/// Records every statement that runs on this connection from now on, whoever runs it.
///
/// Code that takes a `&rusqlite::Connection` changes in nothing. SQLite has one such hook on a connection: a later
/// `Connection::trace_v2` of the application takes its place.
///
/// Where the connection has a busy time-out, a handler that waits as long takes its place and counts the waiting; `PRAGMA
/// busy_timeout` answers 0 then. Where the application has a busy handler of its own, that stays. A later `busy_timeout` puts
/// SQLite's own back.
///
/// # Errors
///
/// What [`Connection::trace_v2`] and [`Connection::busy_handler`] return, such as out of memory.
pub fn instrument(connection: &mut Connection) -> Result<()> {
    install(connection).map(drop)
}

/// What a hook and the `MonitoredConnection` around its connection share.
pub(crate) struct Link {
    pub(crate) number: u64,
    pub(crate) quotes: DoubleQuotes,
    pub(crate) locks: Arc<Locks>,
    /// Whether the connection was found outside of a transaction.
    pub(crate) has_ended: AtomicBool,
    /// Whether the ROLLBACK that runs now ends a transaction that the application left open.
    pub(crate) ends_left_open: AtomicBool,
    /// Whether it was told that another hook has taken the place.
    pub(crate) is_told_replaced: AtomicBool,
    has_prepared: AtomicBool,
    prepared: Mutex<Option<(Box<str>, TickSpan)>>,
}

/// Without the text that was prepared last: it has literals in it.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Whether the statement that runs now ends a transaction that the application left open.
    #[inline]
    pub(crate) fn ends_left_open(&self) -> bool {
        // Relaxed: a connection is used by one thread at a time.
        self.ends_left_open.load(Relaxed)
    }

    /// The connection is outside of a transaction, whatever its statements told.
    pub(crate) fn is_outside(&self) {
        self.locks.writes_no_more();
        self.has_ended.store(true, Relaxed);
    }

    /// A text was prepared, which may be new: the hook tells by its first run.
    pub(crate) fn prepared(&self, sql: &str, start: Ticks) {
        let taken = start.span_until(Ticks::now());
        // What comes out of the cache was not prepared, and is not worth a copy of its text.
        if taken.duration() >= LEAST_PREPARE {
            *self.lock() = Some((sql.into(), taken));
            // Relaxed: a connection is used by one thread at a time.
            self.has_prepared.store(true, Relaxed);
        }
    }

    pub(crate) fn forget_prepared(&self) {
        self.has_prepared.store(false, Relaxed);
    }

    /// How long it took to prepare the statement that begins now, if that was the last one prepared.
    #[inline(never)]
    pub(crate) fn take_prepared(&self, sql: &str) -> Option<Box<StatementDetail>> {
        if !self.has_prepared.load(Relaxed) {
            return None;
        }
        let mut prepared = self.lock();
        let (text, taken) = prepared.as_ref()?;
        // SQLite keeps the text without what follows the statement.
        let taken = text.starts_with(sql).then_some(*taken)?;
        *prepared = None;
        self.has_prepared.store(false, Relaxed);
        Some(Box::new(StatementDetail {
            prepare: Some(taken),
            ..StatementDetail::default()
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Box<str>, TickSpan)>> {
        // Every change is one store: a panic elsewhere leaves nothing half done.
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Installs the hook; its half of the link is dropped where another hook takes its place.
pub(crate) fn install(connection: &mut Connection) -> Result<Arc<Link>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Relaxed: only its difference from all others counts.
    let number = NEXT.fetch_add(1, Relaxed);
    let file = connection
        .path()
        .filter(|path| !path.is_empty())
        .map(Arc::<str>::from);
    let locks = match earlier(connection)? {
        Some(locks) => locks,
        None => {
            let locks = Locks::new(number, file.as_deref());
            locks.install(connection)?;
            locks
        }
    };
    if has_other_databases(connection)? {
        locks.stop_claiming();
    }
    let link = Arc::new(Link {
        number,
        quotes: double_quotes(connection),
        locks,
        ends_left_open: AtomicBool::new(false),
        has_ended: AtomicBool::new(false),
        is_told_replaced: AtomicBool::new(false),
        has_prepared: AtomicBool::new(false),
        prepared: Mutex::new(None),
    });
    let mut probe = Probe::new(Arc::clone(&link), file);
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT
            | TraceEventCodes::SQLITE_TRACE_ROW
            | TraceEventCodes::SQLITE_TRACE_PROFILE,
        Some(move |event: TraceEvent<'_>| probe.observe(event)),
    )?;
    Ok(link)
}

/// What the busy handler counts with that an earlier hook of ours has installed.
fn earlier(connection: &mut Connection) -> Result<Option<Arc<Locks>>> {
    drop(lock::take_over());
    // Whatever hook there is is dropped now; ours leaves something.
    connection.trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>)?;
    Ok(lock::take_over())
}

/// Whether the connection has attached or temporary databases. Nothing of them is read for it.
fn has_other_databases(connection: &Connection) -> Result<bool> {
    let mut statement = connection.prepare("PRAGMA database_list")?;
    let databases = statement.raw_query().mapped(|_| Ok(())).count();
    Ok(databases > 1)
}

/// Whether this connection takes a name in double quotes that it does not know for a string.
fn double_quotes(connection: &Connection) -> DoubleQuotes {
    let is_allowed = |config| connection.db_config(config).unwrap_or(true);
    if is_allowed(DbConfig::SQLITE_DBCONFIG_DQS_DML)
        || is_allowed(DbConfig::SQLITE_DBCONFIG_DQS_DDL)
    {
        DoubleQuotes::MayBeStrings
    } else {
        DoubleQuotes::AreNames
    }
}
