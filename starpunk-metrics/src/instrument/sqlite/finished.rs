//! A statement that has ended, until it is posted; and those of which the hook saw nothing.

use crate::instrument::sqlite::shapes::{self, Numbered};
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::text::sql;
use crate::model::clock::{TickSpan, Ticks};
use crate::model::histogram::nanos;
use crate::model::names::{Effect, Shape};
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, Statement, StatementDetail};
use crate::record::current::{self, Current};

/// From how many rows on that a statement looks at without an index its plan is worth asking for.
const MANY_ROWS: u32 = 1_000;

/// A statement that has ended, and from when on it is slow.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) statement: Statement,
    pub(crate) effect: Effect,
    pub(crate) slow_nanos: u64,
    /// It was refused its transaction, and may be tried again.
    pub(crate) is_refused: bool,
}

impl Finished {
    #[inline]
    pub(crate) fn is_slow(&self) -> bool {
        nanos(self.statement.duration()) >= self.slow_nanos
    }

    /// Whether it looked at many rows without an index, for few that it returned: with more data it will be slow.
    #[inline]
    pub(crate) fn looks_for_few(&self) -> bool {
        self.statement.detail.as_ref().is_some_and(|detail| {
            let looked_at = detail.scan_steps.max(detail.auto_index_rows);
            looked_at >= MANY_ROWS && looked_at / 2 > self.statement.rows
        })
    }

    pub(crate) fn fail(&mut self, class: &'static str, code: Option<i32>) {
        self.statement.outcome = OutcomeKind::Error;
        let detail = self.statement.detail_mut();
        detail.error_class = Some(class);
        detail.error_code = code;
    }

    /// How long it waited for a lock.
    pub(crate) fn waited(&self) -> TickSpan {
        let lock = self.statement.detail.as_ref();
        let lock = lock.and_then(|detail| detail.lock.as_ref());
        lock.map(|lock| lock.waited).unwrap_or_default()
    }

    /// Whether the time to wait for a lock was up: then the statement failed.
    #[inline]
    pub(crate) fn gave_up(&self) -> bool {
        let lock = self.statement.detail.as_ref();
        let lock = lock.and_then(|detail| detail.lock.as_ref());
        lock.is_some_and(|lock| lock.gave_up)
    }

    pub(crate) fn post(self) {
        current::with_current(|current| self.post_in(current));
    }

    #[inline]
    pub(crate) fn post_in(mut self, current: &Current<'_>) {
        let is_slow = self.is_slow();
        self.statement.flags.set(Flags::SLOW, is_slow);
        current.post_statement(self.statement);
    }
}

/// Posts a statement that the hook did not see: it is of a kind that SQLite does not tell.
pub(crate) fn post_unseen(
    text: &str,
    quotes: DoubleQuotes,
    start: Ticks,
    outcome: OutcomeKind,
    detail: Option<Box<StatementDetail>>,
) {
    post_shape(sql::shape(text, quotes), start, outcome, detail);
}

/// Posts a statement that SQLite refused. Of its text only the verb is told: it may be anything, such as a value whose
/// quote ended too early.
pub(crate) fn post_refused(
    text: &str,
    start: Ticks,
    outcome: OutcomeKind,
    detail: Option<Box<StatementDetail>>,
) {
    post_shape(sql::refused(text), start, outcome, detail);
}

fn post_shape(
    shape: Shape,
    start: Ticks,
    outcome: OutcomeKind,
    detail: Option<Box<StatementDetail>>,
) {
    let taken = start.span_until(Ticks::now());
    let finished = current::with_current(|current| {
        let effect = shape.effect;
        let shape = shapes::named(shape, current.query);
        let Numbered {
            shape, slow_nanos, ..
        } = shapes::intern(current.recorder, shape);
        let own = current.query.and_then(|query| query.slow_nanos());
        Finished {
            statement: Statement {
                query: current.query,
                start,
                detail,
                request: current.request_id(),
                taken,
                rows: 0,
                steps: 0,
                shape,
                flags: Flags::default(),
                outcome,
            },
            effect,
            slow_nanos: own.unwrap_or(slow_nanos),
            is_refused: false,
        }
    });
    if let Some(finished) = finished {
        finished.post();
    }
}
