//! How a statement ends, as the hook sees it: what it did is found out, and its record is posted or left to a call.

use std::time::Duration;

use rusqlite::ffi;
use rusqlite::trace::StmtRef;

use crate::instrument::sqlite::error::class_of;
use crate::instrument::sqlite::error_log;
use crate::instrument::sqlite::finished::{self, Finished};
use crate::instrument::sqlite::follow::{self, Seen};
use crate::instrument::sqlite::plan;
use crate::instrument::sqlite::probe::{Held, Probe};
use crate::instrument::sqlite::running::Running;
use crate::instrument::sqlite::scope;
use crate::instrument::sqlite::shapes::{Known, Slot};
use crate::model::clock::{TickSpan, Ticks};
use crate::model::names::Effect;
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, Statement, StatementDetail};
use crate::record::context::Context;
use crate::record::current::{self, Current, Here};

impl Probe {
    /// Which of the running statements it is that has ended.
    fn position(&mut self, statement: &StmtRef<'_>) -> Option<usize> {
        if let [only] = &mut *self.running
            && !self.is_blind
            && only.is_alone(statement)
        {
            return Some(0);
        }
        let sql = statement.sql();
        let key = sql.as_ptr().addr();
        let mut running = self.running.iter();
        running.rposition(|running| running.is(key, &sql))
    }

    #[inline]
    pub(super) fn end(&mut self, statement: &StmtRef<'_>, told: &Duration) {
        // Without a pipeline nothing began, and what ends is nobody's.
        if self.running.is_empty() && !current::is_active() {
            return;
        }
        current::here(|here| self.end_here(here, statement, told));
    }

    /// Ends a statement.
    #[inline(never)]
    fn end_here(&mut self, here: Here<'_>, statement: &StmtRef<'_>, told: &Duration) {
        let end = Ticks::now();
        if self.end_plainly(here, statement, end) {
            debug_assert!(self.running.last().is_some_and(Running::is_empty));
            // So that nobody looks for what there is to be dropped.
            std::mem::forget(self.running.pop());
        } else {
            self.end_any(statement, end, *told);
        }
    }

    /// Records a statement that ends as nearly all do: the only one that is running, with nothing to be found out of it.
    /// `false` where there may be.
    #[inline(always)]
    fn end_plainly(&mut self, here: Here<'_>, statement: &StmtRef<'_>, end: Ticks) -> bool {
        let [running] = &mut *self.running else {
            return false;
        };
        // All at once: hardly ever is any of it so.
        if running.is_odd() | self.is_blind | self.held.is_some() | self.locks.has_waited()
            || scope::is_open()
            || error_log::has_any()
        {
            return false;
        }
        running.count(statement);
        if !running.has_moved() {
            return false;
        }
        here.with_room(|current| {
            let Some(slot) = self.shapes.get(running.place, running.key) else {
                return false;
            };
            let Some((shape, slow)) = slot.known_number(current) else {
                return false;
            };
            let known = &slot.known;
            // What changes the schema returns no rows, nor does what is refused.
            if running.rows == 0
                && (known.is_of_schema()
                    || known.needs_transaction && running.may_be_refused(known.effect))
            {
                return false;
            }
            let taken = running.start.span_until(end);
            if taken.reaches(finished::slow(slow, current)) {
                return false;
            }
            let is_plain = running.is_plain();
            if !is_plain && running.looks_for_few() {
                return false;
            }
            match known.effect {
                Effect::Read if !self.transactions.is_open() => {}
                effect @ (Effect::Read | Effect::Write)
                    if !known.may_roll_back
                        && self
                            .transactions
                            .go_on(effect == Effect::Write && !known.may_do_nothing, end) => {}
                // A transaction of its own, which is over.
                Effect::Write if !self.transactions.is_open() && !self.link.ends_left_open() => {
                    self.locks.writes_no_more();
                }
                _ => {
                    let seen = Seen::of(known, shape, running.start, taken);
                    let (transactions, link) = (&mut self.transactions, &self.link);
                    follow::follow(transactions, &self.locks, link, &{ *current }, &seen);
                }
            }
            if is_plain {
                running.remember(slot);
                current.post_in_room(running.record(None, taken, shape, current));
            } else {
                post_detailed(running, slot, taken, shape, &{ *current });
            }
            true
        })
    }

    /// Ends any statement.
    #[cold]
    #[inline(never)]
    fn end_any(&mut self, statement: &StmtRef<'_>, end: Ticks, told: Duration) {
        let Some(at) = self.position(statement) else {
            return self.end_untold(&statement.sql(), end, told);
        };
        let at = match self.held {
            None => at,
            Some(_) => self.settle_before(at),
        };
        let others_run = self.running.len() > 1;
        let (outer, rest) = self.running.split_at_mut(at);
        let running = &mut rest[0];
        running.count(statement);
        if self.locks.has_waited() {
            running.add_wait(&self.locks);
        }
        let was_refused = running.try_again();
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
            let (shape, slow) = slot.number(current, self.link.quotes);
            let detail = running.finish(slot);
            if is_inner {
                return None;
            }
            let taken = running.start.span_until(end);
            let mut did = running.record(detail, taken, shape, current);
            // A checkpoint that gave up returns a row that says so.
            if did.rows == 0 && did.lock().is_some_and(|lock| lock.gave_up) {
                did.fail("busy", Some(ffi::SQLITE_BUSY));
            } else if let Some(code) = error_log::take(&slot.text) {
                did.fail(class_of(code), Some(code));
            } else if needs_transaction && running.was_refused(effect) {
                did.fail("refused", None);
                let is_upgrade = effect == Effect::Write
                    && self.locks.waits()
                    && self.transactions.has_only_read();
                did.flags.set(Flags::UPGRADE, is_upgrade);
                running.refuse(&slot.text);
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
                let mut seen = Seen::of(&slot.known, shape, running.start, taken);
                seen.waited = did.lock().map(|lock| lock.waited).unwrap_or_default();
                seen.gave_up = did.lock().is_some_and(|lock| lock.gave_up);
                seen.failed = did.outcome != OutcomeKind::Ok;
                seen.is_refused = running.is_refused();
                seen.others_run = others_run;
                let (transactions, link) = (&mut self.transactions, &self.link);
                follow::follow(transactions, &self.locks, link, current, &seen);
            }
            let slow = finished::slow(slow, current);
            let is_slow = taken.reaches(slow);
            if is_slow || running.looks_for_few() {
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
        let to_post = current::with_current(record);
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
            let (shape, slow) = slot.number(current, self.link.quotes);
            Finished {
                statement: Statement {
                    function: current.function,
                    start,
                    detail: None,
                    request: current.request_id(),
                    taken: start.span_until(end),
                    rows: 0,
                    steps: 0,
                    shape,
                    flags: Flags::APPROXIMATE,
                    outcome: OutcomeKind::Ok,
                },
                slow: finished::slow(slow, current),
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

/// Records a statement that returned several rows, or that did what only some do.
#[inline(never)]
fn post_detailed(
    running: &Running,
    slot: &mut Slot,
    taken: TickSpan,
    shape: u16,
    current: &Current<'_>,
) {
    running.remember(slot);
    let mut detail = StatementDetail::default();
    running.tell(&mut detail);
    current.post_detailed(running.record(None, taken, shape, current), detail);
}
