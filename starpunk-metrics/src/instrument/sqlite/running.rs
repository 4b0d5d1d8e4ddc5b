//! A statement between its beginning and its end, and what SQLite counted meanwhile.

use rusqlite::StatementStatus;
use rusqlite::trace::StmtRef;

use crate::instrument::sqlite::finished::Finished;
use crate::instrument::sqlite::lock::Locks;
use crate::instrument::sqlite::shapes::Slot;
use crate::model::clock::{TickSpan, Ticks};
use crate::model::statement::{Flags, LockWait, StatementDetail};

/// A statement that has begun and not ended.
pub(crate) struct Running {
    /// The address of SQLite's own copy of the text: the identity of the statement while it runs.
    pub(crate) key: usize,
    pub(crate) start: Ticks,
    first_row: Option<Ticks>,
    rows: u32,
    /// How often it had run before.
    run: i32,
    reads_schema: bool,
    pub(crate) prepare: Option<TickSpan>,
    /// Whether SQLite ran statements of its own inside, whose rows are told too.
    pub(crate) has_inner: bool,
    /// Whether a transaction that was begun before was open.
    in_transaction: bool,
    /// Of statements on the same connection that began and ended between its rows: the caller's time, not its own.
    pub(crate) between_rows: u64,
    lock: Option<Box<LockWait>>,
    /// It was refused its transaction, and may be tried again.
    pub(crate) refused: Option<Refused>,
    before: Counters,
}

/// Where the record of a refused statement waits until it is known whether it is tried again.
pub(crate) enum Refused {
    /// With the open call of a `MonitoredConnection`.
    Parked,
    Held(Box<Finished>),
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
    fn of(statement: &StmtRef<'_>) -> Self {
        Self {
            steps: statement.get_status(StatementStatus::VmStep),
            scan_steps: statement.get_status(StatementStatus::FullscanStep),
            sorts: statement.get_status(StatementStatus::Sort),
            auto_index_rows: statement.get_status(StatementStatus::AutoIndex),
        }
    }
}

/// What a run did: what every record has, and what only some have.
pub(crate) struct Facts {
    pub(crate) rows: u32,
    pub(crate) steps: u32,
    pub(crate) flags: Flags,
    pub(crate) detail: Option<Box<StatementDetail>>,
}

impl Running {
    #[inline]
    pub(crate) fn begin(
        statement: &StmtRef<'_>,
        key: usize,
        slot: &Slot,
        in_transaction: bool,
    ) -> Self {
        // SQLite counts the run after it has told of it.
        let run = statement.get_status(StatementStatus::Run);
        let before = match run {
            0 => Counters::default(),
            run if run == slot.run => slot.counters,
            _ => Counters::of(statement),
        };
        Self {
            key,
            first_row: None,
            rows: 0,
            run,
            reads_schema: slot.known.reads_schema,
            prepare: None,
            has_inner: false,
            in_transaction,
            between_rows: 0,
            lock: None,
            refused: None,
            before,
            // Last, so that it measures none of this.
            start: Ticks::now(),
        }
    }

    /// Whether it was prepared and did not run before.
    #[inline]
    pub(crate) fn is_fresh(&self) -> bool {
        self.run == 0
    }

    /// A statement that was refused its transaction, and began at `start`. It ran, and did nothing yet.
    pub(crate) fn refused(
        statement: &StmtRef<'_>,
        key: usize,
        slot: &Slot,
        in_transaction: bool,
        start: Ticks,
        refused: Refused,
    ) -> Self {
        let again = Self::begin(statement, key, slot, in_transaction);
        Self {
            start,
            run: again.run - 1,
            refused: Some(refused),
            ..again
        }
    }

    /// Whether a row of this statement is its own, if no other runs: what SQLite runs for itself has not run before.
    #[inline]
    pub(crate) fn owns_row(&self, statement: &StmtRef<'_>) -> bool {
        self.rows > 0
            || !self.reads_schema && statement.get_status(StatementStatus::Run) == self.run + 1
    }

    /// Whether it is this statement that ends, if no other runs: of an EXPLAIN SQLite does not tell the beginning, and it
    /// runs no instructions.
    #[inline]
    pub(crate) fn has_moved(&self, statement: &StmtRef<'_>) -> bool {
        statement
            .get_status(StatementStatus::VmStep)
            .wrapping_sub(self.before.steps)
            > 0
    }

    /// Takes over what the busy handler has counted, if it has.
    #[inline]
    pub(crate) fn add_wait(&mut self, locks: &Locks) {
        let Some(wait) = locks.take_wait() else {
            return;
        };
        match &mut self.lock {
            Some(lock) => lock.add(&wait),
            lock => *lock = Some(wait),
        }
    }

    #[inline]
    pub(crate) fn count_row(&mut self) {
        if self.rows == 0 {
            self.first_row = Some(Ticks::now());
        }
        self.rows = self.rows.saturating_add(1);
    }

    /// What it did, as it ends.
    #[inline]
    pub(crate) fn finish(self, statement: &StmtRef<'_>, slot: &mut Slot) -> Facts {
        let after = Counters::of(statement);
        (slot.run, slot.counters) = (self.run + 1, after);
        let difference = |before: i32, after: i32| after.wrapping_sub(before).cast_unsigned();
        let scan_steps = difference(self.before.scan_steps, after.scan_steps);
        let sorts = difference(self.before.sorts, after.sorts);
        let auto_index_rows = difference(self.before.auto_index_rows, after.auto_index_rows);
        let mut flags = Flags::default();
        flags.set(Flags::FRESH, self.is_fresh());
        flags.set(Flags::REUSED, !self.is_fresh());
        flags.set(Flags::IN_TRANSACTION, self.in_transaction);
        let has_detail = self.rows > 1
            || scan_steps | sorts | auto_index_rows != 0
            || self.between_rows != 0
            || self.prepare.is_some()
            || self.lock.is_some();
        let detail = has_detail.then(|| {
            let first_row = self.first_row.filter(|_| self.rows > 1);
            Box::new(StatementDetail {
                first_row: first_row.map(|at| self.start.span_until(at)),
                caller: TickSpan::of(self.between_rows),
                prepare: self.prepare,
                scan_steps,
                sorts,
                auto_index_rows,
                lock: self.lock,
                ..StatementDetail::default()
            })
        });
        Facts {
            rows: self.rows,
            steps: difference(self.before.steps, after.steps),
            flags,
            detail,
        }
    }
}
