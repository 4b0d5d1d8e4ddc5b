//! A statement between its beginning and its end, and what SQLite counted meanwhile.

use std::sync::Arc;

use rusqlite::StatementStatus;
use rusqlite::trace::StmtRef;

use crate::instrument::sqlite::lock::Locks;
use crate::instrument::sqlite::shapes::{Rows, Slot};
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
    /// What it had run when it was tried last.
    tried: i32,
    pub(crate) rows: u32,
    /// How often it had run before.
    run: i32,
    flags: Flags,
    /// Whether it ran before, and all rows were its own.
    is_trusted: bool,
    /// Whether a virtual table runs it, to be opened.
    pub(crate) is_inner: bool,
    /// Whether SQLite ran statements of its own inside, whose rows are told too.
    pub(crate) has_inner: bool,
    /// It was refused its transaction, and may be tried again.
    pub(crate) refused: Option<Arc<str>>,
}

/// SQLite's counters of a statement add up over its runs, so that what one run did is a difference.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) steps: i32,
    scan_steps: i32,
    sorts: i32,
    auto_index_rows: i32,
}

impl Counters {
    // Always: so they stay in registers.
    #[inline(always)]
    pub(crate) fn of(statement: &StmtRef<'_>) -> Self {
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

    /// Whether it looked at many rows without an index, for few that it returned: with more data it will be slow.
    #[inline]
    pub(crate) fn looks_for_few(self, rows: u32) -> bool {
        let of_tables = self.scan_steps.cast_unsigned();
        let looked_at = of_tables.max(self.auto_index_rows.cast_unsigned());
        looked_at >= MANY_ROWS && looked_at / 2 > rows
    }

    /// They are 32 bits wide, and go round.
    fn since(self, before: Self) -> Self {
        let did = |after: i32, before: i32| match after.wrapping_sub(before) {
            // The application has set it back meanwhile (`Statement::reset_status`).
            did if did < 0 => after,
            did => did,
        };
        Self {
            steps: did(self.steps, before.steps),
            scan_steps: did(self.scan_steps, before.scan_steps),
            sorts: did(self.sorts, before.sorts),
            auto_index_rows: did(self.auto_index_rows, before.auto_index_rows),
        }
    }
}

impl Running {
    /// It begins, having run so many times before, and counted so much.
    #[inline(always)]
    pub(crate) fn begin(
        key: usize,
        slot: &Slot,
        run: i32,
        before: Counters,
        start: Ticks,
        in_transaction: bool,
    ) -> Self {
        let mut flags = if run == 0 {
            Flags::FRESH
        } else {
            Flags::REUSED
        };
        flags.set(Flags::IN_TRANSACTION, in_transaction);
        Self {
            key,
            start,
            first_row: Ticks::ZERO,
            timed_row: u32::from(slot.known.rows == Rows::One),
            between_rows: 0,
            between_until: Ticks::ZERO,
            detail: None,
            before,
            tried: before.steps,
            rows: 0,
            run,
            flags,
            is_trusted: slot.known.has_own_rows,
            is_inner: slot.known.is_inner,
            has_inner: false,
            refused: None,
        }
    }

    #[cold]
    pub(crate) fn add_prepare(&mut self, taken: TickSpan) {
        self.detail.get_or_insert_default().prepare = Some(taken);
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
    }

    /// Whether a row is its own, if no other statement runs that is known of. SQLite tells of rows that nobody asked for: of
    /// the schema, of blobs, and of what virtual tables read. So a text is trusted once it ran without any.
    #[inline]
    pub(crate) fn owns_row(&self) -> bool {
        self.is_trusted && !self.has_inner && !self.is_refused()
    }

    /// Whether it is this statement that ends, if no other runs: of an EXPLAIN SQLite does not tell the beginning, and it
    /// runs no instructions.
    #[inline]
    pub(crate) fn has_moved(&self, steps: i32) -> bool {
        steps.wrapping_sub(self.before.steps) > 0
    }

    /// Whether this try got no further than to ask for its transactions, one for each database.
    #[inline]
    pub(crate) fn may_be_refused(&self, steps: i32, effect: Effect) -> bool {
        let most = if effect == Effect::BeginWrite { 4 } else { 3 };
        self.rows == 0 && (2..=most).contains(&steps.wrapping_sub(self.tried))
    }

    /// The same; and from now on it is about the next try.
    pub(crate) fn was_refused(&mut self, steps: i32, effect: Effect) -> bool {
        let was_refused = self.may_be_refused(steps, effect);
        self.tried = steps;
        was_refused
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

    /// What it did, by what SQLite has counted now.
    #[inline]
    pub(crate) fn did(&self, after: Counters) -> Counters {
        after.since(self.before)
    }

    /// Remembers what it did, as it ends, for the next of its text. Returns what only some statements have.
    #[inline]
    pub(crate) fn finish(
        &mut self,
        slot: &mut Slot,
        after: Counters,
        did: Counters,
    ) -> Option<Box<StatementDetail>> {
        (slot.run, slot.counters) = (self.run + 1, after);
        if !self.is_trusted && self.rows > 0 {
            slot.known.has_own_rows = !self.has_inner;
        }
        if self.rows > 1 {
            slot.known.rows = Rows::Many;
        } else if slot.known.rows == Rows::Unknown {
            slot.known.rows = Rows::One;
        }
        let is_plain = self.rows <= 1
            && did.scan_steps | did.sorts | did.auto_index_rows == 0
            && self.between_rows == 0;
        if !is_plain {
            self.add_detail(did);
        }
        self.detail.take()
    }

    #[inline(never)]
    fn add_detail(&mut self, did: Counters) {
        let detail = self.detail.get_or_insert_default();
        detail.first_row = (self.rows > 1).then(|| self.start.span_until(self.first_row));
        detail.caller = TickSpan::of(self.between_rows);
        detail.scan_steps = did.scan_steps.cast_unsigned();
        detail.sorts = did.sorts.cast_unsigned();
        detail.auto_index_rows = did.auto_index_rows.cast_unsigned();
    }

    /// Its record.
    #[inline(always)]
    pub(crate) fn record(
        &self,
        detail: Option<Box<StatementDetail>>,
        did: Counters,
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
            steps: did.steps.cast_unsigned(),
            shape,
            flags: self.flags,
            outcome: OutcomeKind::Ok,
        }
    }
}
