//! What the hook on a connection does: one record for every top-level statement that ran on it, whoever ran it.
//!
//! SQLite tells when a statement begins (STMT), returns a row (ROW) and ends (PROFILE). The time is our own clock's:
//! SQLite's has a resolution of 1 ms and follows the wall clock.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rusqlite::trace::{StmtRef, TraceEvent};
use rusqlite::{StatementStatus, ffi};

use crate::instrument::sqlite::error::class_of;
use crate::instrument::sqlite::error_log;
use crate::instrument::sqlite::finished::{self, Finished};
use crate::instrument::sqlite::follow::{self, Seen};
use crate::instrument::sqlite::hook::Link;
use crate::instrument::sqlite::lock::{self, Locks};
use crate::instrument::sqlite::plan;
use crate::instrument::sqlite::running::Running;
use crate::instrument::sqlite::scope;
use crate::instrument::sqlite::shapes::{Known, ShapeCache};
use crate::instrument::sqlite::transaction::{Change, Transactions};
use crate::model::clock::Ticks;
use crate::model::event::Event;
use crate::model::names::Effect;
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, Statement};
use crate::record::context::Context;
use crate::record::current;

pub(crate) struct Probe {
    link: Arc<Link>,
    file: Option<Arc<str>>,
    locks: Arc<Locks>,
    /// The statements that have begun and not ended, the latest last.
    running: Vec<Running>,
    shapes: ShapeCache,
    transactions: Transactions,
    /// The record of a statement that was refused its transaction, until it is known whether it is tried again.
    held: Option<Held>,
    /// Whether statements have begun that nobody saw, because there was no pipeline.
    is_blind: bool,
}

/// The record of a statement that was refused its transaction.
struct Held {
    finished: Finished,
    /// What it was done for.
    of: Context,
}

impl Probe {
    pub(crate) fn new(link: Arc<Link>, file: Option<Arc<str>>) -> Self {
        Self {
            shapes: ShapeCache::new(link.quotes),
            locks: Arc::clone(&link.locks),
            link,
            file,
            running: Vec::new(),
            transactions: Transactions::default(),
            held: None,
            is_blind: false,
        }
    }

    #[inline]
    pub(crate) fn observe(&mut self, event: &TraceEvent<'_>) {
        match event {
            TraceEvent::Row(statement) => self.count_row(statement),
            TraceEvent::Stmt(statement, text) => {
                if !current::is_active() {
                    self.is_blind = true;
                    return;
                }
                // Triggers and virtual tables tell a comment here, and not the text of the statement.
                if !text.starts_with("--") || is_own_text(statement, text) {
                    self.begin(statement, text);
                } else {
                    self.has_inner();
                }
            }
            // Without a pipeline nothing began, and what ends is nobody's.
            TraceEvent::Profile(..) if self.running.is_empty() && !current::is_active() => {}
            TraceEvent::Profile(statement, told) => self.end(statement, *told),
            _ => {}
        }
    }

    // Apart from the rows, which so need no more room and registers than they do.
    #[inline(never)]
    fn begin(&mut self, statement: &StmtRef<'_>, text: &str) {
        let key = text.as_ptr().addr();
        let is_inner = self.shapes.find(key, text).known.is_inner;
        match self.running.last_mut() {
            // A virtual table is opened, maybe for one that was refused and is prepared again.
            Some(_) if is_inner => {}
            Some(outer) => {
                outer.add_wait(&self.locks);
                self.settle(key);
            }
            // Whoever waited has ended: what was prepared, and may have failed.
            None => drop(self.locks.take_wait()),
        }
        if self.link.has_ended.load(Relaxed) {
            self.resume();
        }
        let slot = self.shapes.at(key, || text.into());
        if scope::is_open() && !slot.known.is_inner {
            scope::statement_began(self.link.number, key, text);
        }
        if slot.known.uses_other_databases {
            self.locks.stop_claiming();
        } else if self.locks.is_shared()
            && matches!(slot.known.effect, Effect::Write | Effect::BeginWrite)
            && !self.transactions.has_lock()
        {
            follow::announce(&self.locks, slot, self.link.quotes);
        }
        // What failed before is not its failure.
        error_log::forget();
        let mut running = Running::begin(statement, key, slot, self.transactions.is_open());
        if running.is_fresh()
            && let Some(taken) = self.link.take_prepared(text)
        {
            running.add_prepare(taken);
        }
        self.transactions.began(running.start);
        self.running.push(running);
    }

    /// The connection was found outside of a transaction: one that is open here was rolled back by an error.
    #[cold]
    fn resume(&mut self) {
        self.link.has_ended.store(false, Relaxed);
        self.locks.writes_no_more();
        current::with_current(|current| {
            if let Change::Closed(transaction) = self.transactions.abandon(Ticks::now()) {
                current.post(Event::Transaction(transaction));
            }
        });
    }

    /// As another statement begins, one that was refused is not tried again, and one at the same address is gone.
    fn settle(&mut self, key: usize) {
        if let Some(Held { finished, mut of }) = self.held.take() {
            // This thread may work for something else now.
            of.enter(|| finished.post());
        }
        self.running
            .retain(|running| !running.is_refused() && running.key != key);
    }

    #[inline]
    fn count_row(&mut self, statement: &StmtRef<'_>) {
        match &mut *self.running {
            [] => {}
            // The text is asked for only where there may be more than one statement whose row it is.
            [only] if only.owns_row() => only.count_row(),
            _ => self.find_row(statement),
        }
    }

    #[cold]
    fn find_row(&mut self, statement: &StmtRef<'_>) {
        let sql = statement.sql();
        let key = sql.as_ptr().addr();
        let mut running = self.running.iter_mut();
        match running.rfind(|running| running.is(key, &sql)) {
            Some(of) => {
                of.count_row();
                of.add_wait(&self.locks);
                if of.refused.take().is_some() {
                    // It was tried again, and runs.
                    self.held = None;
                }
            }
            None => self.has_inner(),
        }
    }

    /// Which of the running statements it is that has one inside is not told.
    fn has_inner(&mut self) {
        for running in &mut self.running {
            running.has_inner = true;
        }
    }

    /// Which of the running statements it is that has ended.
    #[inline]
    fn position(&self, statement: &StmtRef<'_>, steps: i32) -> Option<usize> {
        match &*self.running {
            [only]
                if !only.has_inner
                    && !only.is_refused()
                    && !self.is_blind
                    && only.has_moved(steps) =>
            {
                Some(0)
            }
            running => {
                let sql = statement.sql();
                let key = sql.as_ptr().addr();
                running.iter().rposition(|running| running.is(key, &sql))
            }
        }
    }

    #[inline(never)]
    fn end(&mut self, statement: &StmtRef<'_>, told: Duration) {
        let end = Ticks::now();
        let steps = statement.get_status(StatementStatus::VmStep);
        let Some(at) = self.position(statement, steps) else {
            return self.end_untold(&statement.sql(), end, told);
        };
        let at = match &self.held {
            // Another ends: the one that was refused is not tried again.
            Some(_) if !self.running[at].is_refused() && !self.running[at].is_inner => {
                let key = self.running[at].key;
                self.settle(0);
                self.running
                    .iter()
                    .rposition(|running| running.key == key)
                    .unwrap_or(0)
            }
            _ => at,
        };
        let others_run = self.running.len() > 1;
        let (outer, rest) = self.running.split_at_mut(at);
        let running = &mut rest[0];
        running.add_wait(&self.locks);
        let was_refused = running.refused.take().is_some();
        // The one that began before it is between two of its rows; and so is it itself for those before that.
        if let Some(outer) = outer.last_mut() {
            outer.add_between_rows(running.start, end);
        }
        let slot = self.shapes.at(running.key, || statement.sql());
        let Known {
            effect,
            needs_transaction,
            is_inner,
            ..
        } = slot.known;
        let to_post = current::with_current(|current| {
            let numbered = slot.number(current, self.link.quotes);
            let mut did = running.finish(statement, slot, steps, end, numbered.shape, current);
            if is_inner {
                return None;
            }
            // A checkpoint that gave up returns a row that says so.
            if did.rows == 0 && did.lock().is_some_and(|lock| lock.gave_up) {
                did.fail("busy", Some(ffi::SQLITE_BUSY));
            } else if let Some(code) = error_log::take(&slot.text) {
                did.fail(class_of(code), Some(code));
            } else if needs_transaction && did.rows == 0 && running.was_refused(steps, effect) {
                did.fail("refused", None);
                let is_upgrade = effect == Effect::Write
                    && self.locks.waits()
                    && self.transactions.has_only_read();
                did.flags.set(Flags::UPGRADE, is_upgrade);
                running.refused = Some(Arc::clone(&slot.text));
            }
            if effect == Effect::Write && !needs_transaction {
                did.flags.set(Flags::SCHEMA, true);
                current
                    .recorder
                    .names
                    .shapes
                    .for_each(|_, shape| shape.ask_again());
            }
            if effect != Effect::Read || self.transactions.is_open() {
                let seen = Seen {
                    known: slot.known,
                    is_refused: running.is_refused(),
                    others_run,
                };
                let (transactions, link) = (&mut self.transactions, &self.link);
                follow::follow(transactions, &self.locks, link, current, &did, seen);
            }
            let slow = finished::slow(numbered, current);
            let is_slow = did.taken >= slow;
            if is_slow || finished::looks_for_few(&did) {
                plan::ask(current, &did, &slot.text, self.file.as_ref());
            }
            if running.is_refused() || scope::is_open() {
                return Some(Finished {
                    statement: did,
                    slow,
                    is_refused: running.is_refused(),
                });
            }
            did.flags.set(Flags::SLOW, is_slow);
            current.post_statement(did);
            None
        });
        let key = running.key;
        let is_refused = running.is_refused();
        if let Some(finished) = to_post.flatten() {
            self.hand_over(key, finished);
        }
        if !is_refused {
            self.running.remove(at);
            if was_refused {
                // It was tried again, and this is how that ended.
                self.held = None;
            }
        }
    }

    /// Leaves the record to the call that ran the statement; or posts it, unless it may be tried again.
    #[cold]
    fn hand_over(&mut self, key: usize, finished: Finished) {
        match scope::park(self.link.number, key, finished) {
            None => {}
            // If the schema had changed, SQLite prepares it again now, and tells of nothing but the end of that.
            Some(finished) if finished.is_refused => {
                let of = Context::current();
                self.held = Some(Held { finished, of });
            }
            Some(finished) => finished.post(),
        }
    }

    /// A statement has ended of whose beginning SQLite did not tell.
    #[cold]
    fn end_untold(&mut self, sql: &str, end: Ticks, told: Duration) {
        let key = sql.as_ptr().addr();
        let slot = self.shapes.find(key, sql);
        // What virtual tables run for themselves ends so too, and is not the application's.
        if !current::is_active() || !slot.known.is_explain {
            return;
        }
        scope::statement_began(self.link.number, key, sql);
        let start = end.before(told);
        let finished = current::with_current(|current| {
            let numbered = slot.number(current, self.link.quotes);
            Finished {
                statement: Statement {
                    function: current.function,
                    start,
                    detail: None,
                    request: current.request_id(),
                    taken: start.span_until(end),
                    rows: 0,
                    steps: 0,
                    shape: numbered.shape,
                    flags: Flags::APPROXIMATE,
                    outcome: OutcomeKind::Ok,
                },
                slow: finished::slow(numbered, current),
                is_refused: false,
            }
        });
        if let Some(finished) = finished
            && let Some(finished) = scope::park(self.link.number, key, finished)
        {
            finished.post();
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // No statement begins on the connection any more, or another hook is told of it.
        self.settle(0);
        // Nobody tells any more when it gives the lock back, or how its transaction ends.
        self.resume();
        lock::hand_over(&self.locks);
    }
}

/// A statement of the application may begin with a comment; what is told of inner ones is a text of its own.
fn is_own_text(statement: &StmtRef<'_>, text: &str) -> bool {
    let sql = statement.sql();
    text.as_ptr() == sql.as_ptr() || text == sql
}
