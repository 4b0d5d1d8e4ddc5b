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
use crate::instrument::sqlite::hook::Link;
use crate::instrument::sqlite::lock::Locks;
use crate::instrument::sqlite::plan;
use crate::instrument::sqlite::running::Running;
use crate::instrument::sqlite::scope;
use crate::instrument::sqlite::shapes::{Known, ShapeCache, Slot};
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::transaction::{Change, Ended, Transactions};
use crate::model::clock::Ticks;
use crate::model::event::Event;
use crate::model::names::{Effect, KnownShape};
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, Holder, Statement};
use crate::model::transaction::Ending;
use crate::record::current::{self, Current};

/// The instructions of a statement that got no further than to ask for its transaction: Init and Transaction.
const STEPS_TO_TRANSACTION: u32 = 2;

pub(crate) struct Probe {
    link: Arc<Link>,
    file: Option<Arc<str>>,
    locks: Arc<Locks>,
    /// The statements that have begun and not ended, the latest last.
    running: Vec<Running>,
    shapes: ShapeCache,
    transactions: Transactions,
    /// The record of a statement that was refused its transaction, until it is known whether it is tried again.
    held: Option<Box<Finished>>,
    /// Whether statements have begun that nobody saw, because there was no pipeline.
    is_blind: bool,
}

impl Probe {
    pub(crate) fn new(link: Arc<Link>, file: Option<Arc<str>>, locks: Arc<Locks>) -> Self {
        Self {
            shapes: ShapeCache::new(link.quotes),
            link,
            file,
            locks,
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
                } else if let Some(outer) = self.running.last_mut() {
                    outer.has_inner = true;
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
        if scope::is_open() {
            scope::statement_began(self.link.number, key, text);
        }
        if !self.running.is_empty() {
            self.settle(key);
        }
        let slot = self.shapes.find(key, text);
        if self.locks.is_shared()
            && matches!(slot.known.effect, Effect::Write | Effect::BeginWrite)
            && !self.transactions.has_lock()
        {
            announce(&self.locks, slot, self.link.quotes);
        }
        // What failed before is not its failure.
        error_log::take();
        let mut running = Running::begin(statement, key, slot, self.transactions.is_open());
        if running.is_fresh()
            && let Some(taken) = self.link.take_prepared(text)
        {
            running.add_prepare(taken);
        }
        self.transactions.began(running.start);
        self.running.push(running);
    }

    /// As another statement begins, one that was refused is not tried again, and one at the same address is gone.
    fn settle(&mut self, key: usize) {
        if let Some(held) = self.held.take() {
            held.post();
        }
        self.running
            .retain(|running| !running.is_refused && running.key != key);
    }

    #[inline]
    fn count_row(&mut self, statement: &StmtRef<'_>) {
        match &mut *self.running {
            [] => {}
            // The text is asked for only where there may be more than one statement whose row it is.
            [only] if only.owns_rows() => only.count_row(),
            _ => self.find_row(statement),
        }
    }

    #[cold]
    fn find_row(&mut self, statement: &StmtRef<'_>) {
        let key = statement.sql().as_ptr().addr();
        let mut running = self.running.iter_mut();
        match running.rfind(|running| running.key == key) {
            Some(of) => {
                of.count_row();
                of.add_wait(&self.locks);
            }
            None => {
                if let Some(outer) = self.running.last_mut() {
                    outer.has_inner = true;
                }
            }
        }
    }

    /// Which of the running statements it is that has ended.
    #[inline]
    fn position(&self, statement: &StmtRef<'_>, steps: i32) -> Option<usize> {
        match &*self.running {
            [only] if !only.has_inner && !self.is_blind && only.has_moved(steps) => Some(0),
            running => {
                let key = statement.sql().as_ptr().addr();
                running.iter().rposition(|running| running.key == key)
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
        let others_run = self.running.len() > 1;
        let (outer, rest) = self.running.split_at_mut(at);
        let running = &mut rest[0];
        running.add_wait(&self.locks);
        running.is_refused = false;
        // Those that began before it are between two of their rows.
        for outer in outer {
            outer.between_rows += running.start.count_until(end);
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
            if did.lock().is_some_and(|lock| lock.gave_up) {
                did.fail("busy", Some(ffi::SQLITE_BUSY));
            } else if let Some(code) = error_log::take() {
                did.fail(class_of(code), Some(code));
            } else if needs_transaction && did.steps == STEPS_TO_TRANSACTION && did.rows == 0 {
                did.fail("refused", None);
                let is_upgrade = effect == Effect::Write
                    && self.locks.waits()
                    && self.transactions.has_only_read();
                did.flags.set(Flags::UPGRADE, is_upgrade);
                running.is_refused = true;
            }
            if effect == Effect::Write && !needs_transaction {
                did.flags.set(Flags::SCHEMA, true);
                current
                    .recorder
                    .names
                    .shapes
                    .for_each(KnownShape::ask_again);
            }
            if effect != Effect::Read || self.transactions.is_open() {
                let (transactions, locks) = (&mut self.transactions, &self.locks);
                follow(
                    transactions,
                    locks,
                    &self.link,
                    current,
                    effect,
                    &did,
                    others_run,
                );
            }
            let slow = finished::slow(numbered, current);
            let is_slow = did.taken >= slow;
            if is_slow || finished::looks_for_few(&did) {
                plan::ask(current, &did, &slot.text, self.file.as_ref());
            }
            if running.is_refused || scope::is_open() {
                return Some(Finished {
                    statement: did,
                    slow,
                    is_refused: running.is_refused,
                });
            }
            did.flags.set(Flags::SLOW, is_slow);
            current.post_statement(did);
            None
        });
        let key = running.key;
        let is_refused = running.is_refused;
        if let Some(finished) = to_post.flatten() {
            self.hand_over(key, finished);
        }
        if !is_refused {
            self.running.remove(at);
            // It was tried again, and this is how that ended.
            self.held = None;
        }
    }

    /// Leaves the record to the call that ran the statement; or posts it, unless it may be tried again.
    #[cold]
    fn hand_over(&mut self, key: usize, finished: Finished) {
        match scope::park(self.link.number, key, finished) {
            None => {}
            // If the schema had changed, SQLite prepares it again now, and tells of nothing but the end of that.
            Some(finished) if finished.is_refused => self.held = Some(Box::new(finished)),
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

/// Follows what a statement did to transaction and lock.
fn follow(
    transactions: &mut Transactions,
    locks: &Locks,
    link: &Link,
    current: &Current<'_>,
    effect: Effect,
    did: &Statement,
    others_run: bool,
) {
    let waited = did.lock().map(|lock| lock.waited).unwrap_or_default();
    let ended = Ended {
        effect,
        start: did.start,
        end: did.end(),
        waited,
        failed: did.outcome != OutcomeKind::Ok,
        has_run: did.steps > STEPS_TO_TRANSACTION && did.lock().is_none_or(|lock| !lock.gave_up),
        others_run,
    };
    match transactions.ended(current, &ended) {
        Change::Locked => locks.writes(did.start.after(waited), holder(current, did.shape), true),
        Change::Closed(mut transaction) => {
            if link.ends_left_open.load(Relaxed) {
                transaction.ending = Ending::LeftOpen;
            }
            locks.writes_no_more();
            current.post(Event::Transaction(transaction));
        }
        Change::None if !transactions.has_lock() => locks.writes_no_more(),
        Change::None => {}
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // No statement begins on the connection any more, or another hook is told of it.
        self.settle(0);
    }
}

/// Says that this connection is about to write, if nobody else does.
fn announce(locks: &Locks, slot: &mut Slot, quotes: DoubleQuotes) {
    current::with_current(|current| {
        let shape = slot.number(current, quotes).shape;
        locks.writes(Ticks::now(), holder(current, shape), false);
    });
}

fn holder(current: &Current<'_>, shape: u16) -> Holder {
    Holder {
        pipeline: current.recorder.id,
        function: current.function,
        request: current.request_id(),
        shape,
        held: Default::default(),
    }
}

/// A statement of the application may begin with a comment; what is told of inner ones is a text of its own.
fn is_own_text(statement: &StmtRef<'_>, text: &str) -> bool {
    let sql = statement.sql();
    text.as_ptr() == sql.as_ptr() || text == sql
}
