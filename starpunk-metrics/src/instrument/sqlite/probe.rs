//! What the hook on a connection does: one record for every top-level statement that ran on it, whoever ran it.
//!
//! SQLite tells when a statement begins (STMT), returns a row (ROW) and ends (PROFILE). The time is our own clock's:
//! SQLite's has a resolution of 1 ms and follows the wall clock.

mod ending;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::StatementStatus;
use rusqlite::trace::{StmtRef, TraceEvent};

use crate::instrument::sqlite::error_log;
use crate::instrument::sqlite::finished::Finished;
use crate::instrument::sqlite::follow;
use crate::instrument::sqlite::hook::Link;
use crate::instrument::sqlite::in_place::push_with;
use crate::instrument::sqlite::lock::{self, Locks};
use crate::instrument::sqlite::running::Running;
use crate::instrument::sqlite::scope;
use crate::instrument::sqlite::shapes::ShapeCache;
use crate::instrument::sqlite::transaction::{Change, Transactions};
use crate::model::clock::Ticks;

use crate::model::names::Effect;
use crate::model::wide_event::WideEvent;
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

    // Each does all of its work elsewhere, so that a row costs no more than it must.
    #[inline]
    pub(crate) fn observe(&mut self, event: TraceEvent<'_>) {
        match event {
            TraceEvent::Row(statement) => self.count_row(&statement),
            TraceEvent::Stmt(statement, text) => self.begin(&statement, text),
            TraceEvent::Profile(statement, told) => self.end(&statement, &told),
            _ => {}
        }
    }

    #[inline(never)]
    fn begin(&mut self, statement: &StmtRef<'_>, text: &str) {
        if !current::is_active() {
            self.is_blind = true;
            return;
        }
        // Triggers and virtual tables tell a comment here, and not the text of the statement.
        if text.starts_with("--") && !is_own_text(statement, text) {
            return self.has_inner();
        }
        let key = text.as_ptr().addr();
        if !self.running.is_empty() {
            self.begin_inside(key, text);
        } else if self.locks.has_waited() {
            // Whoever waited has ended: what was prepared, and may have failed.
            drop(self.locks.take_wait());
        }
        if self.link.has_ended.load(Relaxed) {
            self.resume();
        }
        let slot = self.shapes.find(key, text);
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
        let run = statement.get_status(StatementStatus::Run);
        let detail = match run {
            0 => self.link.take_prepared(text),
            _ => None,
        };
        slot.begin(statement, run);
        // Last, so that it measures none of this.
        let start = Ticks::now();
        let is_inside = self.transactions.began(start);
        push_with(&mut self.running, || {
            Running::begin(key, slot, start, is_inside, detail)
        });
    }

    /// Another statement of the connection is running.
    #[cold]
    fn begin_inside(&mut self, key: usize, text: &str) {
        // A virtual table is opened, maybe for one that was refused and is prepared again.
        if self.shapes.find(key, text).known.is_inner {
            return;
        }
        if let Some(outer) = self.running.last_mut() {
            outer.add_wait(&self.locks);
        }
        self.settle(key);
    }

    /// The connection was found outside of a transaction: one that is open here was rolled back by an error.
    #[cold]
    fn resume(&mut self) {
        self.link.has_ended.store(false, Relaxed);
        self.locks.writes_no_more();
        // Asked first: as a rule there is none, and then nothing is lost with a thread that is ending.
        if let Change::Closed(transaction) = self.transactions.abandon(Ticks::now()) {
            let transaction = WideEvent::Transaction(*transaction);
            current::with_current(|current| current.post_wide(transaction));
        }
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
            // The text is asked for only where there may be more than one statement whose row it is.
            [only] if only.owns_row() => only.count_row(),
            [] => {}
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
                if of.try_again() {
                    // It was tried again, and runs.
                    self.held = None;
                }
            }
            None => self.has_inner(),
        }
    }

    /// Which of the running statements it is that has one inside is not told.
    #[cold]
    fn has_inner(&mut self) {
        for running in &mut self.running {
            running.has_inner();
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
#[cold]
fn is_own_text(statement: &StmtRef<'_>, text: &str) -> bool {
    let sql = statement.sql();
    text.as_ptr() == sql.as_ptr() || text == sql
}
