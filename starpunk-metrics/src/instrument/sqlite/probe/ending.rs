//! How a statement ends, as the hook sees it: what it did is found out, and its record is posted or left to a call.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::ffi;
use rusqlite::trace::StmtRef;

use crate::instrument::sqlite::error::class_of;
use crate::instrument::sqlite::error_log;
use crate::instrument::sqlite::finished::{self, Finished};
use crate::instrument::sqlite::follow::{self, Seen};
use crate::instrument::sqlite::plan;
use crate::instrument::sqlite::probe::{Held, Probe};
use crate::instrument::sqlite::running::Counters;
use crate::instrument::sqlite::scope;
use crate::instrument::sqlite::shapes::Known;
use crate::model::clock::Ticks;
use crate::model::names::Effect;
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, Statement};
use crate::record::context::Context;
use crate::record::current::{self, Current};

impl Probe {
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
    pub(super) fn end(&mut self, statement: &StmtRef<'_>, told: Duration) {
        // Without a pipeline nothing began, and what ends is nobody's.
        if self.running.is_empty() && !current::is_active() {
            return;
        }
        let end = Ticks::now();
        let after = Counters::of(statement);
        match current::with_current(|current| self.end_plain(current, end, after)) {
            Some(true) => {}
            Some(false) => self.end_any(statement, end, after, Some(told)),
            None => self.end_any(statement, end, after, None),
        }
    }

    /// Ends the only statement that is running, if there is nothing to be found out of it: `false` where there may be.
    // Apart from the rest, because nearly all are like this: so it needs little room, and few registers.
    #[inline(never)]
    fn end_plain(&mut self, current: &Current<'_>, end: Ticks, after: Counters) -> bool {
        let steps = after.steps;
        let [running] = &mut *self.running else {
            return false;
        };
        let may_be_another =
            running.has_inner || running.is_inner || self.is_blind || !running.has_moved(steps);
        let was_refused = running.is_refused() || self.held.is_some();
        let is_awaited = scope::is_open() || error_log::has_any() || self.locks.has_waited();
        if may_be_another || was_refused || is_awaited {
            return false;
        }
        let Some(slot) = self.shapes.get(running.key) else {
            return false;
        };
        if slot.known.is_of_schema()
            || slot.known.needs_transaction && running.may_be_refused(steps, slot.known.effect)
        {
            return false;
        }
        let did = running.did(after);
        if did.looks_for_few(running.rows) {
            return false;
        }
        let numbered = slot.number(current, self.link.quotes);
        let taken = running.start.span_until(end);
        if taken.reaches(finished::slow(numbered, current)) {
            return false;
        }
        match slot.known.effect {
            Effect::Read if !self.transactions.is_open() => {}
            // A transaction of its own, which is over.
            Effect::Write if !self.transactions.is_open() && !self.link.ends_left_open() => {
                self.locks.writes_no_more();
            }
            _ => {
                let seen = Seen::of(&slot.known, numbered.shape, running.start, taken);
                let (transactions, link) = (&mut self.transactions, &self.link);
                follow::follow(transactions, &self.locks, link, current, &seen);
            }
        }
        let detail = running.finish(slot, after, did);
        current.post_statement(running.record(detail, did, taken, numbered.shape, current));
        debug_assert!(running.is_empty());
        // So that nobody looks for what there is to be dropped.
        std::mem::forget(self.running.pop());
        true
    }

    /// Ends any statement. Where there is nothing `told` there is no pipeline, and nothing is recorded.
    #[inline(never)]
    fn end_any(
        &mut self,
        statement: &StmtRef<'_>,
        end: Ticks,
        after: Counters,
        told: Option<Duration>,
    ) {
        let steps = after.steps;
        let Some(at) = self.position(statement, steps) else {
            if let Some(told) = told {
                self.end_untold(&statement.sql(), end, told);
            }
            return;
        };
        let at = match self.held {
            None => at,
            Some(_) => self.settle_before(at),
        };
        let others_run = self.running.len() > 1;
        let (outer, rest) = self.running.split_at_mut(at);
        let running = &mut rest[0];
        if self.locks.has_waited() {
            running.add_wait(&self.locks);
        }
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
        let record = |current: &Current<'_>| {
            let numbered = slot.number(current, self.link.quotes);
            let counted = running.did(after);
            let detail = running.finish(slot, after, counted);
            if is_inner {
                return None;
            }
            let taken = running.start.span_until(end);
            let mut did = running.record(detail, counted, taken, numbered.shape, current);
            // A checkpoint that gave up returns a row that says so.
            if did.rows == 0 && did.lock().is_some_and(|lock| lock.gave_up) {
                did.fail("busy", Some(ffi::SQLITE_BUSY));
            } else if let Some(code) = error_log::take(&slot.text) {
                did.fail(class_of(code), Some(code));
            } else if needs_transaction && running.was_refused(steps, effect) {
                did.fail("refused", None);
                let is_upgrade = effect == Effect::Write
                    && self.locks.waits()
                    && self.transactions.has_only_read();
                did.flags.set(Flags::UPGRADE, is_upgrade);
                running.refused = Some(Arc::clone(&slot.text));
            }
            if slot.known.is_of_schema() {
                did.flags.set(Flags::SCHEMA, true);
                current
                    .recorder
                    .names
                    .shapes
                    .for_each(|_, shape| shape.ask_again());
            }
            if effect != Effect::Read || self.transactions.is_open() {
                let mut seen = Seen::of(&slot.known, numbered.shape, running.start, taken);
                seen.waited = did.lock().map(|lock| lock.waited).unwrap_or_default();
                seen.gave_up = did.lock().is_some_and(|lock| lock.gave_up);
                seen.failed = did.outcome != OutcomeKind::Ok;
                seen.is_refused = running.is_refused();
                seen.others_run = others_run;
                let (transactions, link) = (&mut self.transactions, &self.link);
                follow::follow(transactions, &self.locks, link, current, &seen);
            }
            let slow = finished::slow(numbered, current);
            let is_slow = taken.reaches(slow);
            if is_slow || counted.looks_for_few(did.rows) {
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
        };
        let to_post = told.and_then(|_| current::with_current(record));
        let key = running.key;
        let is_refused = running.is_refused();
        if let Some(finished) = to_post.flatten() {
            self.hand_over(key, finished);
        }
        if !is_refused {
            if others_run {
                self.running.remove(at);
            } else {
                // It is the last, and need not move.
                self.running.truncate(at);
            }
            if was_refused {
                // It was tried again, and this is how that ended.
                self.held = None;
            }
        }
    }

    /// As another statement ends, one that was refused is not tried again. Returns where the one that ends is then.
    #[cold]
    fn settle_before(&mut self, at: usize) -> usize {
        let ending = &self.running[at];
        if ending.is_refused() || ending.is_inner {
            return at;
        }
        let key = ending.key;
        self.settle(0);
        let mut running = self.running.iter();
        running.rposition(|running| running.key == key).unwrap_or(0)
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
