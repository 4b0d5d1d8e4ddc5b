//! A statement between its beginning and its end, and what SQLite counted meanwhile.

use std::sync::Arc;

use rusqlite::StatementStatus;
use rusqlite::trace::StmtRef;

use crate::instrument::sqlite::lock::Locks;
use crate::instrument::sqlite::shapes::{Place, Rows, Slot};
use crate::model::clock::{TickSpan, Ticks};
use crate::model::names::Effect;
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, Statement, StatementDetail};
use crate::record::current::Current;

/// From how many rows on that a statement looks at without an index its plan is worth asking for.
const MANY_ROWS: u32 = 1_000;

/// A statement that has begun and not ended.
pub(crate) struct Running {
    /// The address of SQLite's own copy of the text: the identity of the statement while it runs.
    pub(crate) key: usize,
    /// Where the cache has it, as long as no other has taken that place.
    pub(crate) place: Place,
    pub(crate) start: Ticks,
    /// Where it has rows.
    first_row: Ticks,
    /// Before which row the clock is read for that: the second where a text is known to have one at most, which saves the
    /// read for all that have no more.
    timed_row: u32,
    /// Of statements on the same connection that began and ended between its rows: the caller's time, not its own.
    between_rows: u64,
    /// Until when it has been counted in.
    between_until: Ticks,
    /// What is known of it before it ends, if anything is.
    detail: Option<Box<StatementDetail>>,
    before: Counters,
    /// As it ends.
    after: Counters,
    /// How much of that it had done when it was tried last.
    tried: i32,
    pub(crate) rows: u32,
    /// How often it had run before.
    run: i32,
    flags: Flags,
    /// Whether it ran before, and all rows were its own.
    is_trusted: bool,
    /// Whether a row is its own, if no other statement runs that is known of. SQLite tells of rows that nobody asked for: of
    /// the schema, of blobs, and of what virtual tables read. So a text is trusted once it ran without any.
    owns_rows: bool,
    /// Whether a virtual table runs it, to be opened.
    pub(crate) is_inner: bool,
    /// Whether SQLite ran statements of its own inside, whose rows are told too.
    has_inner: bool,
    /// Whether there is more to it than what SQLite counts: it is inner, has such inside, was refused, or has a detail.
    is_odd: bool,
    /// It was refused its transaction, and may be tried again.
    refused: Option<Arc<str>>,
}

/// SQLite's counters of a statement add up over its runs, so that what one run did is a difference.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counters {
    steps: i32,
    scan_steps: i32,
    sorts: i32,
    auto_index_rows: i32,
}

impl Counters {
    #[inline(always)]
    fn of(statement: &StmtRef<'_>) -> Self {
        Self {
            steps: statement.get_status(StatementStatus::VmStep),
            scan_steps: statement.get_status(StatementStatus::FullscanStep),
            sorts: statement.get_status(StatementStatus::Sort),
            auto_index_rows: statement.get_status(StatementStatus::AutoIndex),
        }
    }

    /// The same, of a statement that ran where nobody saw it.
    #[cold]
    pub(crate) fn unknown_of(statement: &StmtRef<'_>) -> Self {
        Self::of(statement)
    }
}

/// By how much a counter has grown. They are 32 bits wide, and go round.
#[inline]
fn grown(after: i32, before: i32) -> u32 {
    let grown = after.wrapping_sub(before);
    // The application may have set it back meanwhile (`Statement::reset_status`).
    let did = if grown < 0 { after } else { grown };
    did.cast_unsigned()
}

impl Running {
    /// It begins, after the runs of its text that are known.
    #[inline(always)]
    pub(crate) fn begin(
        key: usize,
        slot: &Slot,
        start: Ticks,
        in_transaction: bool,
        detail: Option<Box<StatementDetail>>,
    ) -> Self {
        let mut flags = if slot.run == 0 {
            Flags::FRESH
        } else {
            Flags::REUSED
        };
        flags.set(Flags::IN_TRANSACTION, in_transaction);
        let has_detail = detail.is_some();
        Self {
            key,
            place: Place::of(key),
            start,
            first_row: Ticks::ZERO,
            timed_row: u32::from(slot.known.rows == Rows::One),
            between_rows: 0,
            between_until: Ticks::ZERO,
            detail,
            before: slot.counters,
            after: Counters::default(),
            tried: 0,
            rows: 0,
            run: slot.run,
            flags,
            is_trusted: slot.known.has_own_rows,
            owns_rows: slot.known.has_own_rows,
            is_inner: slot.known.is_inner,
            has_inner: false,
            is_odd: slot.known.is_inner || has_detail,
            refused: None,
        }
    }

    /// Takes over what the busy handler has counted, if it has.
    pub(crate) fn add_wait(&mut self, locks: &Locks) {
        let Some(wait) = locks.take_wait() else {
            return;
        };
        match &mut self.detail.get_or_insert_default().lock {
            Some(lock) => lock.add(&wait),
            lock => *lock = Some(wait),
        }
        self.look();
    }

    #[inline]
    pub(crate) fn owns_row(&self) -> bool {
        self.owns_rows
    }

    /// SQLite runs statements of its own inside.
    pub(crate) fn has_inner(&mut self) {
        self.has_inner = true;
        self.look();
    }

    /// It was refused its transaction.
    pub(crate) fn refuse(&mut self, text: &Arc<str>) {
        self.refused = Some(Arc::clone(text));
        self.look();
    }

    /// It is tried again, or was; returns whether it had been refused.
    pub(crate) fn try_again(&mut self) -> bool {
        let was_refused = self.refused.take().is_some();
        self.look();
        was_refused
    }

    fn look(&mut self) {
        self.owns_rows = self.is_trusted && !self.has_inner && !self.is_refused();
        self.is_odd = self.is_inner
            || self.has_inner
            || self.is_refused()
            || self.detail.is_some()
            || self.between_rows > 0;
    }

    #[inline]
    pub(crate) fn is_odd(&self) -> bool {
        self.is_odd
    }

    /// Whether it is this statement that ends, if no other runs.
    pub(crate) fn is_alone(&mut self, statement: &StmtRef<'_>) -> bool {
        self.count(statement);
        !self.has_inner && !self.is_refused() && self.has_moved()
    }

    /// It ends: takes what SQLite has counted.
    #[inline(always)]
    pub(crate) fn count(&mut self, statement: &StmtRef<'_>) {
        self.after = Counters::of(statement);
    }

    /// Whether what has ended ran instructions of it: of an EXPLAIN SQLite does not tell the beginning, and it runs none.
    #[inline]
    pub(crate) fn has_moved(&self) -> bool {
        self.moved() > 0
    }

    #[inline]
    fn moved(&self) -> i32 {
        self.after.steps.wrapping_sub(self.before.steps)
    }

    /// Whether this try got no further than to ask for its transactions, one for each database.
    #[inline]
    pub(crate) fn may_be_refused(&self, effect: Effect) -> bool {
        let most = if effect == Effect::BeginWrite { 4 } else { 3 };
        self.rows == 0 && (2..=most).contains(&self.moved().wrapping_sub(self.tried))
    }

    /// The same; and from now on it is about the next try.
    pub(crate) fn was_refused(&mut self, effect: Effect) -> bool {
        let was_refused = self.may_be_refused(effect);
        self.tried = self.moved();
        was_refused
    }

    /// Whether it looked at many rows without an index, for few that it returned: with more data it will be slow.
    #[inline]
    pub(crate) fn looks_for_few(&self) -> bool {
        let looked_at = self.scan_steps().max(self.auto_index_rows());
        looked_at >= MANY_ROWS && looked_at / 2 > self.rows
    }

    /// Whether it neither read a table whole nor sorted.
    #[inline(always)]
    fn used_indexes(&self) -> bool {
        let (before, after) = (self.before, self.after);
        before.scan_steps == after.scan_steps
            && before.sorts == after.sorts
            && before.auto_index_rows == after.auto_index_rows
    }

    #[inline]
    fn steps(&self) -> u32 {
        grown(self.after.steps, self.before.steps)
    }

    #[inline]
    fn scan_steps(&self) -> u32 {
        grown(self.after.scan_steps, self.before.scan_steps)
    }

    #[inline]
    fn sorts(&self) -> u32 {
        grown(self.after.sorts, self.before.sorts)
    }

    #[inline]
    fn auto_index_rows(&self) -> u32 {
        grown(self.after.auto_index_rows, self.before.auto_index_rows)
    }

    /// Whether it has nothing that is to be dropped.
    pub(crate) fn is_empty(&self) -> bool {
        self.detail.is_none() && self.refused.is_none()
    }

    /// Whether it is this one, if it has its address: of one that was refused another may have taken the place, of whose
    /// beginning SQLite does not tell, or as of an inner one.
    pub(crate) fn is(&self, key: usize, sql: &str) -> bool {
        self.key == key && self.refused.as_ref().is_none_or(|text| **text == *sql)
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    pub(crate) fn add_between_rows(&mut self, start: Ticks, end: Ticks) {
        self.between_rows += start.max(self.between_until).count_until(end);
        self.between_until = end;
        self.look();
    }

    #[inline]
    pub(crate) fn count_row(&mut self) {
        let before = self.rows;
        self.rows = before.saturating_add(1);
        if before == self.timed_row {
            self.time_row();
        }
    }

    #[cold]
    fn time_row(&mut self) {
        self.first_row = Ticks::now();
    }

    /// Remembers what SQLite had counted as it ended, for the next of its text. Returns what only some statements have.
    #[inline]
    pub(crate) fn finish(&mut self, slot: &mut Slot) -> Option<Box<StatementDetail>> {
        self.remember(slot);
        let mut detail = self.detail.take();
        if !self.is_plain() || self.between_rows > 0 {
            self.tell(detail.get_or_insert_default());
        }
        detail
    }

    /// Whether it did nothing that only some statements do.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.rows <= 1 && self.used_indexes()
    }

    /// Remembers what SQLite had counted as it ended, for the next of its text.
    #[inline(always)]
    pub(crate) fn remember(&self, slot: &mut Slot) {
        (slot.run, slot.counters) = (self.run + 1, self.after);
        // Of one that is trusted with one row at most that is known.
        if self.is_trusted && self.rows <= 1 {
            return;
        }
        if !self.is_trusted && self.rows > 0 {
            slot.known.has_own_rows = !self.has_inner;
        }
        if self.rows > 1 {
            slot.known.rows = Rows::Many;
        } else if slot.known.rows == Rows::Unknown {
            slot.known.rows = Rows::One;
        }
    }

    /// Tells what only some statements do.
    pub(crate) fn tell(&self, detail: &mut StatementDetail) {
        detail.first_row = (self.rows > 1).then(|| self.start.span_until(self.first_row));
        detail.caller = TickSpan::of(self.between_rows);
        detail.scan_steps = self.scan_steps();
        detail.sorts = self.sorts();
        detail.auto_index_rows = self.auto_index_rows();
    }

    /// Its record.
    #[inline(always)]
    pub(crate) fn record(
        &self,
        detail: Option<Box<StatementDetail>>,
        taken: TickSpan,
        shape: u16,
        current: &Current<'_>,
    ) -> Statement {
        Statement {
            function: current.function,
            start: self.start,
            detail,
            request: current.request_id(),
            taken,
            rows: self.rows,
            steps: self.steps(),
            shape,
            flags: self.flags,
            outcome: OutcomeKind::Ok,
        }
    }
}
