//! Waiting for somebody else's lock: how long, how often, and for whom.
//!
//! The handler waits as SQLite's own does, for the time-out that the connection had, and keeps count. Who has the write
//! lock of a file is known where it is a connection of this process that has a hook too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Result};

use crate::model::clock::{TickSpan, Ticks};
use crate::model::statement::{Holder, LockWait};

/// The waits of SQLite's own handler in milliseconds (sqliteDefaultBusyCallback in main.c); the last one repeats.
const WAITS: [u64; 12] = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

/// The files that connections with a hook have open.
static FILES: Mutex<BTreeMap<Box<str>, Weak<File>>> = Mutex::new(BTreeMap::new());

/// One file, as its connections share it.
#[derive(Debug, Default)]
struct File {
    writer: Mutex<Option<Writer>>,
}

impl File {
    /// The one for this path.
    fn of(path: &str) -> Arc<Self> {
        let mut files = lock(&FILES);
        if let Some(known) = files.get(path).and_then(Weak::upgrade) {
            return known;
        }
        files.retain(|_, file| file.strong_count() > 0);
        let file = Arc::new(Self::default());
        files.insert(path.into(), Arc::downgrade(&file));
        file
    }
}

/// A connection that has the write lock, or is about to take one that nobody has.
#[derive(Debug)]
struct Writer {
    connection: u64,
    /// Whether it has the lock for sure.
    certain: bool,
    since: Ticks,
    holder: Holder,
}

/// What the hook of a connection and its busy handler share.
#[derive(Debug)]
pub(crate) struct Locks {
    /// The number of the connection.
    connection: u64,
    /// The file; `None` in memory, where nobody else writes.
    file: Option<Arc<File>>,
    /// Whether the handler is installed.
    waits: AtomicBool,
    /// Whether all that it writes is to this file.
    claims: AtomicBool,
    has_waited: AtomicBool,
    /// Who was about to take the lock when it was refused first.
    suspect: Mutex<Option<(u64, Ticks)>>,
    wait: Mutex<Option<Box<LockWait>>>,
}

impl Locks {
    pub(crate) fn new(connection: u64, file: Option<&str>) -> Arc<Self> {
        Arc::new(Self {
            connection,
            file: file.map(File::of),
            waits: AtomicBool::new(false),
            claims: AtomicBool::new(true),
            has_waited: AtomicBool::new(false),
            suspect: Mutex::new(None),
            wait: Mutex::new(None),
        })
    }

    /// Whether others may have locks that this connection waits for.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        self.file.is_some()
    }

    /// Whether it would wait for a lock that somebody else has.
    pub(crate) fn waits(&self) -> bool {
        self.waits.load(Relaxed)
    }

    /// Whether the handler has counted anything since it was asked last.
    #[inline]
    pub(crate) fn has_waited(&self) -> bool {
        // Relaxed: the handler runs on the thread that asks, inside the statement that waits.
        self.has_waited.load(Relaxed)
    }

    /// Takes what it has counted.
    #[cold]
    pub(crate) fn take_wait(&self) -> Option<Box<LockWait>> {
        if !self.has_waited() {
            return None;
        }
        self.has_waited.store(false, Relaxed);
        lock(&self.wait).take()
    }

    /// The connection has the write lock.
    pub(crate) fn has(&self, since: Ticks, holder: Holder) {
        self.claim(since, holder, true);
    }

    /// The connection is about to take the write lock, if nobody has it.
    pub(crate) fn announce(&self, since: Ticks, holder: Holder) {
        self.claim(since, holder, false);
    }

    fn claim(&self, since: Ticks, holder: Holder, certain: bool) {
        let Some(file) = &self.file else { return };
        if !self.claims.load(Relaxed) {
            return;
        }
        let mut writer = lock(&file.writer);
        if certain || writer.is_none() {
            *writer = Some(Writer {
                connection: self.connection,
                certain,
                since,
                holder,
            });
        }
    }

    /// What the connection writes may be to another database from now on, so it says nothing of this one any more.
    #[cold]
    pub(crate) fn stop_claiming(&self) {
        self.claims.store(false, Relaxed);
        self.writes_no_more();
    }

    /// The connection does not have the write lock.
    pub(crate) fn writes_no_more(&self) {
        let Some(file) = &self.file else { return };
        let mut writer = lock(&file.writer);
        if writer
            .as_ref()
            .is_some_and(|writer| writer.connection == self.connection)
        {
            *writer = None;
        }
    }

    /// Installs the handler, unless the application has one of its own or none at all.
    pub(crate) fn install(self: &Arc<Self>, connection: &mut Connection) -> Result<()> {
        if !self.is_shared() {
            return Ok(());
        }
        // A handler of the application sets this to zero, and so does a time-out of zero.
        let timeout: u32 = connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0))?;
        let timeout = u64::from(timeout);
        if timeout == 0 {
            return Ok(());
        }
        let locks = Arc::clone(self);
        self.waits.store(true, Relaxed);
        connection.busy_handler(Some(move |attempt: i32| locks.wait(attempt, timeout)))
    }

    /// Waits before the next attempt; `false` where the time is up.
    fn wait(&self, attempt: i32, timeout_millis: u64) -> bool {
        let attempt = usize::try_from(attempt).unwrap_or_default();
        let wait = wait_before(attempt, timeout_millis);
        let start = Ticks::now();
        // Asked before the first wait: who has it later is not who held this one up from the start.
        let holder = self.holder(attempt, start);
        if let Some(wait) = wait {
            thread::sleep(wait);
        }
        let mut counted = lock(&self.wait);
        let counted = counted.get_or_insert_with(|| {
            Box::new(LockWait {
                waited: TickSpan::default(),
                retries: 0,
                gave_up: false,
                holder: None,
            })
        });
        counted.holder = counted.holder.or(holder);
        counted.waited += start.span_until(Ticks::now());
        match wait {
            Some(_) => counted.retries += 1,
            None => counted.gave_up = true,
        }
        self.has_waited.store(true, Relaxed);
        wait.is_some()
    }

    /// Who has the write lock that this connection could not get, as far as that is certain: who only was about to take it
    /// has it if that is still so at the second attempt.
    fn holder(&self, attempt: usize, now: Ticks) -> Option<Holder> {
        // What this connection said of itself before it was refused was not so.
        self.writes_no_more();
        let writer = lock(&self.file.as_ref()?.writer);
        let writer = writer.as_ref()?;
        let this = Some((writer.connection, writer.since));
        let mut suspect = lock(&self.suspect);
        let before = std::mem::replace(&mut *suspect, if attempt == 0 { this } else { None });
        let is_confirmed = attempt == 1 && before == this;
        let is_first = attempt == 0 && writer.certain;
        (is_first || is_confirmed).then(|| Holder {
            held: writer.since.span_until(now),
            ..writer.holder
        })
    }
}

thread_local! {
    /// What the busy handler of a connection counts with, while its hook is replaced by another one of ours.
    static HANDED_OVER: RefCell<Option<Arc<Locks>>> = const { RefCell::new(None) };
}

/// A hook is gone; its busy handler stays, and the next hook of the connection may go on with it.
pub(crate) fn hand_over(locks: &Arc<Locks>) {
    if !locks.waits() {
        return;
    }
    // Fails while the thread ends.
    let _ = HANDED_OVER.try_with(|handed| *handed.borrow_mut() = Some(Arc::clone(locks)));
}

/// Takes what a hook has left that was replaced just now.
pub(crate) fn take_over() -> Option<Arc<Locks>> {
    let handed = HANDED_OVER.try_with(RefCell::take);
    handed.ok().flatten()
}

impl Drop for Locks {
    fn drop(&mut self) {
        self.writes_no_more();
    }
}

/// How long SQLite's own handler would wait now; `None` where it would give up.
fn wait_before(attempt: usize, timeout_millis: u64) -> Option<Duration> {
    let last = WAITS.len() - 1;
    let wait = WAITS[attempt.min(last)];
    let more = attempt.saturating_sub(last) as u64;
    let before: u64 = WAITS[..attempt.min(last)].iter().sum::<u64>() + more * WAITS[last];
    let left = timeout_millis.saturating_sub(before);
    (left > 0).then(|| Duration::from_millis(wait.min(left)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is one store: a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handler_waits_as_sqlite_does_until_the_time_is_up() {
        let waits = |timeout| -> Vec<u64> {
            (0..)
                .map_while(|attempt| wait_before(attempt, timeout))
                .map(|wait| u64::try_from(wait.as_millis()).expect("it is short"))
                .collect()
        };
        assert_eq!(waits(1), [1]);
        assert_eq!(waits(10), [1, 2, 5, 2]);
        assert_eq!(waits(600).iter().sum::<u64>(), 600);
        assert_eq!(waits(600)[11..], [100, 100, 100, 72]);
        assert_eq!(waits(5000).iter().sum::<u64>(), 5000);
    }
}
