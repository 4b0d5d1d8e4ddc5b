//! One executed statement as it crosses the channel: what every one has in 56 bytes, and the rest in a box.

use std::time::Duration;

use crate::model::callsite::Callsite;
use crate::model::clock::{TickSpan, Ticks};
use crate::model::operation::{Outcome, OutcomeKind};
use crate::model::request_id::RequestId;

/// One executed statement, or one batch of them.
///
/// It ends before the flags and the outcome of a `Call`, so that the tag of `Event` fits there.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The innermost annotated query around it, or else the innermost business function.
    pub(crate) function: Option<&'static Callsite>,
    pub(crate) start: Ticks,
    pub(crate) detail: Option<Box<StatementDetail>>,
    pub(crate) request: Option<RequestId>,
    pub(crate) taken: TickSpan,
    /// Rows that it returned.
    pub(crate) rows: u32,
    /// Instructions of SQLite's virtual machine that it ran (stmtstatus.html, VM_STEP).
    pub(crate) steps: u32,
    /// The interned shape; the table of shapes is far smaller than its numbers.
    pub(crate) shape: u16,
    pub(crate) flags: Flags,
    pub(crate) outcome: OutcomeKind,
}

const _: () = assert!(size_of::<Statement>() <= 56);

/// What is so or not so of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    /// It had been prepared, and ran for the first time.
    pub(crate) const FRESH: Self = Self(1);
    /// It had run before.
    pub(crate) const REUSED: Self = Self(2);
    /// A transaction that was begun before it was open.
    pub(crate) const IN_TRANSACTION: Self = Self(4);
    /// It took at least the threshold of its shape or its query.
    pub(crate) const SLOW: Self = Self(8);
    /// It has no time of our own clock: SQLite does not tell when it began.
    pub(crate) const APPROXIMATE: Self = Self(16);

    /// It changed the schema: what is known of plans may be so no more.
    pub(crate) const SCHEMA: Self = Self(32);
    /// It was refused its transaction, which had read before and not written.
    pub(crate) const UPGRADE: Self = Self(64);
    /// Its request had ended.
    pub(crate) const LATE: Self = Self(128);

    pub(crate) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub(crate) fn set(&mut self, flag: Self, on: bool) {
        if on {
            self.0 |= flag.0;
        } else {
            self.0 &= !flag.0;
        }
    }
}

/// What only some statements have.
#[derive(Debug, Default)]
pub(crate) struct StatementDetail {
    pub(crate) error_class: Option<&'static str>,
    /// SQLite's extended result code (rescode.html).
    pub(crate) error_code: Option<i32>,
    /// As a method of `MonitoredConnection` learnt it.
    pub(crate) rows_changed: Option<u64>,
    /// How many times a batch ran its statement.
    pub(crate) batch_size: Option<u64>,
    /// Until its first row, where it returned more than one; of a text that had returned one at most, until its second.
    pub(crate) first_row: Option<TickSpan>,
    /// The caller's own time between its rows, as far as it is known.
    pub(crate) caller: TickSpan,
    /// How long a method of `MonitoredConnection` took to prepare it.
    pub(crate) prepare: Option<TickSpan>,
    /// How often it stepped forward in a table that it read whole.
    pub(crate) scan_steps: u32,
    pub(crate) sorts: u32,
    /// Rows that it put into an index made for itself alone.
    pub(crate) auto_index_rows: u32,
    pub(crate) lock: Option<Box<LockWait>>,
}

/// A statement's waiting for somebody else's lock.
#[derive(Clone, Debug)]
pub(crate) struct LockWait {
    pub(crate) waited: TickSpan,
    pub(crate) retries: u32,
    /// The time-out passed, and the statement failed.
    pub(crate) gave_up: bool,
    /// Who had the write lock when the wait began, if it was somebody in this process.
    pub(crate) holder: Option<Holder>,
}

/// Who has the write lock of a database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    /// The pipeline whose numbers these are.
    pub(crate) pipeline: u64,
    pub(crate) function: Option<&'static Callsite>,
    pub(crate) request: Option<RequestId>,
    /// The statement that took the lock.
    pub(crate) shape: u16,
    /// How long it had it already.
    pub(crate) held: TickSpan,
}

impl LockWait {
    pub(crate) fn add(&mut self, later: &Self) {
        self.waited += later.waited;
        self.retries += later.retries;
        self.gave_up |= later.gave_up;
        self.holder = self.holder.or(later.holder);
    }
}

impl Statement {
    pub(crate) fn duration(&self) -> Duration {
        self.taken.duration()
    }

    pub(crate) fn end(&self) -> Ticks {
        self.start.after(self.taken)
    }

    #[inline]
    pub(crate) fn outcome(&self) -> Outcome {
        match self.outcome {
            OutcomeKind::Ok => Outcome::Ok,
            other => other.with_class(self.detail.as_ref().and_then(|detail| detail.error_class)),
        }
    }

    pub(crate) fn fail(&mut self, class: &'static str, code: Option<i32>) {
        self.outcome = OutcomeKind::Error;
        let detail = self.detail_mut();
        detail.error_class = Some(class);
        detail.error_code = code;
    }

    #[inline]
    pub(crate) fn lock(&self) -> Option<&LockWait> {
        self.detail.as_ref()?.lock.as_deref()
    }

    /// The detail, made if there was none.
    pub(crate) fn detail_mut(&mut self) -> &mut StatementDetail {
        self.detail.get_or_insert_default()
    }

    /// Takes in another run of the same statement that is one operation with this one.
    pub(crate) fn absorb(&mut self, later: Self) {
        self.taken = self.start.span_until(later.end());
        self.rows = self.rows.saturating_add(later.rows);
        self.steps = self.steps.saturating_add(later.steps);
        let Some(theirs) = later.detail else { return };
        let mine = self.detail_mut();
        mine.scan_steps = mine.scan_steps.saturating_add(theirs.scan_steps);
        mine.sorts = mine.sorts.saturating_add(theirs.sorts);
        mine.auto_index_rows = mine.auto_index_rows.saturating_add(theirs.auto_index_rows);
        mine.caller += theirs.caller;
        mine.first_row = mine.first_row.or(theirs.first_row);
        match (&mut mine.lock, theirs.lock) {
            (Some(mine), Some(theirs)) => mine.add(&theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }
}
