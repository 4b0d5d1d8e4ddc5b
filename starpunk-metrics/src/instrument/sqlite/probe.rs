//! What the hook on a connection does: one record for every top-level statement that ran on it, whoever ran it.
//!
//! SQLite tells when a statement begins (STMT), returns a row (ROW) and ends (PROFILE). The time is our own clock's:
//! SQLite's has a resolution of 1 ms and follows the wall clock.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rusqlite::ffi;
use rusqlite::trace::{StmtRef, TraceEvent};

use crate::instrument::sqlite::error::class_of;
use crate::instrument::sqlite::error_log;
use crate::instrument::sqlite::finished::Finished;
use crate::instrument::sqlite::hook::Link;
use crate::instrument::sqlite::lock::Locks;
use crate::instrument::sqlite::plan;
use crate::instrument::sqlite::running::{Facts, Refused, Running};
use crate::instrument::sqlite::scope;
use crate::instrument::sqlite::shapes::{ShapeCache, Slot};
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::transaction::{Change, Ended, Transactions};
use crate::model::clock::Ticks;
use crate::model::event::Event;
use crate::model::names::Effect;
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
            TraceEvent::Profile(statement, told) => self.end(statement, *told),
            _ => {}
        }
    }

    #[inline]
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
        if running.is_fresh() {
            running.prepare = self.link.take_prepared(text);
        }
        self.transactions.began(running.start);
        self.running.push(running);
    }

    /// As another statement begins, those that were refused are not tried again, and one at the same address is gone.
    fn settle(&mut self, key: usize) {
        self.running.retain_mut(|running| {
            let refused = running.refused.take();
            let is_over = refused.is_some();
            if let Some(Refused::Held(finished)) = refused {
                finished.post();
            }
            !is_over && running.key != key
        });
    }

    #[inline]
    fn count_row(&mut self, statement: &StmtRef<'_>) {
        match &mut *self.running {
            [] => {}
            // The text is asked for only where there may be more than one statement whose row it is.
            [only] if !only.has_inner && only.owns_row(statement) => only.count_row(),
            running => {
                let key = statement.sql().as_ptr().addr();
                match running.iter_mut().rfind(|running| running.key == key) {
                    Some(of) => {
                        of.count_row();
                        of.add_wait(&self.locks);
                    }
                    None => {
                        if let Some(outer) = running.last_mut() {
                            outer.has_inner = true;
                        }
                    }
                }
            }
        }
    }

    /// Which of the running statements it is that has ended.
    #[inline]
    fn position(&self, statement: &StmtRef<'_>) -> Option<usize> {
        match &*self.running {
            [only] if !only.has_inner && !self.is_blind && only.has_moved(statement) => Some(0),
            running => {
                let key = statement.sql().as_ptr().addr();
                running.iter().rposition(|running| running.key == key)
            }
        }
    }

    #[inline]
    fn end(&mut self, statement: &StmtRef<'_>, told: Duration) {
        let end = Ticks::now();
        let Some(at) = self.position(statement) else {
            return self.end_untold(&statement.sql(), end, told);
        };
        let mut running = self.running.remove(at);
        running.add_wait(&self.locks);
        let (key, start) = (running.key, running.start);
        // Those that began before it are between two of their rows.
        for outer in &mut self.running[..at] {
            outer.between_rows += start.count_until(end);
        }
        if self.shapes.get(key).is_none() {
            self.shapes.find(key, &statement.sql());
        }
        let Some(slot) = self.shapes.get(key) else {
            return;
        };
        let facts = running.finish(statement, slot);
        let known = &slot.known;
        if known.is_inner {
            return;
        }
        let is_refused =
            facts.steps == STEPS_TO_TRANSACTION && facts.rows == 0 && known.needs_transaction;
        current::with_current(|current| {
            let Some(finished) = self.record(current, key, start, end, facts) else {
                return;
            };
            if is_refused && !finished.gave_up() {
                self.refuse(statement, key, finished);
            } else if scope::is_open() {
                if let Some(finished) = scope::park(self.link.number, key, finished) {
                    finished.post_in(current);
                }
            } else {
                finished.post_in(current);
            }
        });
    }

    /// A statement was refused its transaction. If the schema had changed, SQLite prepares it again now, and tells of
    /// nothing but the end of that.
    #[cold]
    fn refuse(&mut self, statement: &StmtRef<'_>, key: usize, mut finished: Finished) {
        let start = finished.statement.start;
        finished.is_refused = true;
        finished.fail("refused", None);
        let refused = match scope::park(self.link.number, key, finished) {
            None => Refused::Parked,
            Some(finished) => Refused::Held(Box::new(finished)),
        };
        let in_transaction = self.transactions.is_open();
        if let Some(slot) = self.shapes.get(key) {
            let running = Running::refused(statement, key, slot, in_transaction, start, refused);
            self.running.push(running);
        }
    }

    /// A statement has ended of whose beginning SQLite did not tell.
    #[cold]
    fn end_untold(&mut self, sql: &str, end: Ticks, told: Duration) {
        let key = sql.as_ptr().addr();
        // What virtual tables run for themselves ends so too, and is not the application's.
        if !current::is_active() || !self.shapes.find(key, sql).known.is_explain {
            return;
        }
        scope::statement_began(self.link.number, key, sql);
        let (start, facts) = (end.before(told), Facts::untold());
        let finished =
            current::with_current(|current| self.record(current, key, start, end, facts));
        if let Some(finished) = finished.flatten()
            && let Some(finished) = scope::park(self.link.number, key, finished)
        {
            finished.post();
        }
    }

    /// Makes the record of a statement that has ended.
    #[inline]
    fn record(
        &mut self,
        current: &Current<'_>,
        key: usize,
        start: Ticks,
        end: Ticks,
        facts: Facts,
    ) -> Option<Finished> {
        let slot = self.shapes.get(key)?;
        let effect = slot.known.effect;
        let numbered = slot.number(current, self.link.quotes);
        let statement = Statement {
            query: current.query,
            start,
            detail: facts.detail,
            request: current.request_id(),
            taken: start.span_until(end),
            rows: facts.rows,
            steps: facts.steps,
            shape: numbered.shape,
            flags: facts.flags,
            outcome: OutcomeKind::Ok,
        };
        let own = current.query.and_then(|query| query.slow_nanos());
        let mut finished = Finished {
            statement,
            effect,
            slow_nanos: own.unwrap_or(numbered.slow_nanos),
            is_refused: false,
        };
        if finished.gave_up() {
            finished.fail("busy", Some(ffi::SQLITE_BUSY));
        } else if let Some(code) = error_log::take() {
            finished.fail(class_of(code), Some(code));
        }
        if effect != Effect::Read || self.transactions.is_open() {
            self.follow(current, &finished, end);
        }
        if (finished.is_slow() || finished.looks_for_few())
            && let Some(slot) = self.shapes.get(key)
        {
            plan::ask(current, &finished.statement, &slot.text, self.file.as_ref());
        }
        Some(finished)
    }

    /// Follows what the statement does to transaction and lock.
    fn follow(&mut self, current: &Current<'_>, finished: &Finished, end: Ticks) {
        let statement = &finished.statement;
        let change = self.transactions.ended(
            current,
            &Ended {
                effect: finished.effect,
                start: statement.start,
                end,
                waited: finished.waited(),
                gave_up: finished.gave_up(),
                others_run: !self.running.is_empty(),
            },
        );
        match change {
            Change::Locked => {
                let since = statement.start.after(finished.waited());
                let holder = holder(current, statement.shape);
                self.locks.writes(since, holder, true);
            }
            Change::Closed(mut transaction) => {
                if self.link.ends_left_open.load(Relaxed) {
                    transaction.ending = Ending::LeftOpen;
                }
                self.locks.writes_no_more();
                current.post(Event::Transaction(transaction));
            }
            Change::None if !self.transactions.has_lock() => self.locks.writes_no_more(),
            Change::None => {}
        }
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
        query: current.query,
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

impl Flags {
    fn approximate() -> Self {
        let mut flags = Self::default();
        flags.set(Self::APPROXIMATE, true);
        flags
    }
}

impl Facts {
    /// Of a statement of which SQLite told nothing but its end.
    fn untold() -> Self {
        Self {
            rows: 0,
            steps: 0,
            flags: Flags::approximate(),
            detail: None,
        }
    }
}
