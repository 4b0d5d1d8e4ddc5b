//! The transaction that is open on a connection, as its statements tell.
//!
//! SQLite does not tell the hook how a statement ended, so a COMMIT that fails is taken for one that did not, unless it is
//! known to have given up waiting for a lock. The next BEGIN sets it right.

use crate::model::callsite::Callsite;
use crate::model::clock::{TickSpan, Ticks};
use crate::model::names::Effect;
use crate::model::request_id::RequestId;
use crate::model::transaction::{Ending, Transaction};
use crate::record::current::Current;

/// The transactions of one connection.
#[derive(Default)]
pub(crate) struct Transactions {
    open: Option<Open>,
}

struct Open {
    begun: Ticks,
    function: Option<&'static Callsite>,
    request: Option<RequestId>,
    /// Since when it has the write lock.
    locked: Option<Ticks>,
    /// Names of savepoints, where it was begun by one: it ends with the first of them.
    savepoints: Vec<u64>,
    begun_by_savepoint: bool,
    statements: u32,
    writes: u32,
    /// When the last of its statements ended, if none has begun since.
    idle_since: Option<Ticks>,
    idle_ticks: u64,
}

/// One statement that has ended, as far as it matters here.
pub(crate) struct Ended {
    pub(crate) effect: Effect,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    /// Until it had the lock, if it had to wait for it.
    pub(crate) waited: TickSpan,
    /// As far as that is known.
    pub(crate) failed: bool,
    /// Whether it got as far as to have its lock.
    pub(crate) has_run: bool,
    /// Whether it has the write lock now.
    pub(crate) writes: bool,
    /// Whether it rolled back all of it, because it failed.
    pub(crate) rolls_back: bool,
    /// Whether it ends a transaction that the application left open.
    pub(crate) is_left_open: bool,
    /// Whether other statements of the connection are still running.
    pub(crate) others_run: bool,
}

/// What a statement made of the transaction.
#[derive(Debug)]
pub(crate) enum Change {
    None,
    /// It has the write lock from now on.
    Locked,
    /// It has ended.
    Closed(Box<Transaction>),
}

impl Transactions {
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether it has written.
    pub(crate) fn has_lock(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.locked.is_some())
    }

    /// Whether it has read, and not written.
    pub(crate) fn has_only_read(&self) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| open.locked.is_none() && open.statements > 0)
    }

    /// A statement begins on the connection. Returns whether it is inside of one.
    #[inline]
    pub(crate) fn began(&mut self, at: Ticks) -> bool {
        let Some(open) = &mut self.open else {
            return false;
        };
        if let Some(since) = open.idle_since.take() {
            open.idle_ticks += since.count_until(at);
        }
        true
    }

    /// A statement that does nothing to it has ended, if it has the lock already: it goes on. `false` where more is to be done.
    #[inline]
    pub(crate) fn go_on(&mut self, writes: bool, end: Ticks) -> bool {
        match &mut self.open {
            Some(open) if open.locked.is_some() => {
                open.statements += 1;
                open.writes += u32::from(writes);
                open.idle_since = Some(end);
                true
            }
            _ => false,
        }
    }

    /// A statement has ended on the connection.
    pub(crate) fn ended(&mut self, current: &Current<'_>, statement: &Ended) -> Change {
        // A COMMIT that was refused is taken for one that was not; what is rolled back in the end was open.
        if self.open.is_none() && statement.is_left_open {
            self.begin_at(current, statement.start, Vec::new(), None);
        }
        let Some(open) = &mut self.open else {
            return self.begin(current, statement);
        };
        if statement.rolls_back {
            return self.close(Ending::RolledBack, statement.end, None);
        }
        match statement.effect {
            // Of what became of the one before nobody told: an error has rolled it back.
            Effect::Begin | Effect::BeginWrite if !statement.failed => {
                let before = self.close(Ending::RolledBack, statement.start, None);
                self.begin(current, statement);
                return before;
            }
            Effect::Commit if !statement.failed => {
                let commit = statement.start.span_until(statement.end);
                return self.close(Ending::Committed, statement.end, Some(commit));
            }
            Effect::Rollback => return self.close(Ending::RolledBack, statement.end, None),
            Effect::Savepoint(name) => open.savepoints.push(name),
            Effect::Release(name) if !statement.failed => {
                if let Some(at) = open.savepoints.iter().rposition(|known| *known == name) {
                    open.savepoints.truncate(at);
                }
                if open.begun_by_savepoint && open.savepoints.is_empty() {
                    let commit = statement.start.span_until(statement.end);
                    return self.close(Ending::Committed, statement.end, Some(commit));
                }
            }
            Effect::RollbackTo(name) => {
                if let Some(at) = open.savepoints.iter().rposition(|known| *known == name) {
                    open.savepoints.truncate(at + 1);
                }
            }
            _ => {}
        }
        open.statements += u32::from(statement.has_run);
        open.idle_since = (!statement.others_run).then_some(statement.end);
        if statement.writes {
            open.writes += 1;
            if open.locked.is_none() {
                open.locked = Some(statement.start.after(statement.waited));
                return Change::Locked;
            }
        }
        Change::None
    }

    fn begin(&mut self, current: &Current<'_>, statement: &Ended) -> Change {
        let mut savepoints = Vec::new();
        match statement.effect {
            Effect::Begin => {}
            Effect::BeginWrite if !statement.failed => {}
            Effect::Savepoint(name) => savepoints.push(name),
            _ => return Change::None,
        }
        let has_lock = statement.effect == Effect::BeginWrite;
        let locked = has_lock.then(|| statement.start.after(statement.waited));
        self.begin_at(current, statement.start, savepoints, locked);
        if let Some(open) = &mut self.open {
            open.idle_since = Some(statement.end);
        }
        if has_lock {
            Change::Locked
        } else {
            Change::None
        }
    }

    fn begin_at(
        &mut self,
        current: &Current<'_>,
        begun: Ticks,
        savepoints: Vec<u64>,
        locked: Option<Ticks>,
    ) {
        self.open = Some(Open {
            begun,
            function: current.function,
            request: current.request_id(),
            locked,
            begun_by_savepoint: !savepoints.is_empty(),
            savepoints,
            statements: 0,
            writes: 0,
            idle_since: None,
            idle_ticks: 0,
        });
    }

    /// Ends it without a statement: an error has rolled it back, or the connection is gone.
    pub(crate) fn abandon(&mut self, end: Ticks) -> Change {
        self.close(Ending::RolledBack, end, None)
    }

    fn close(&mut self, ending: Ending, end: Ticks, commit: Option<TickSpan>) -> Change {
        let Some(open) = self.open.take() else {
            return Change::None;
        };
        Change::Closed(Box::new(Transaction {
            function: open.function,
            request: open.request,
            start: open.begun,
            end,
            locked: open.locked.map(|since| since.span_until(end)),
            idle: TickSpan::of(open.idle_ticks),
            commit,
            statements: open.statements,
            writes: open.writes,
            ending,
        }))
    }
}
