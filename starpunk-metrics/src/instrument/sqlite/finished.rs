//! A statement that has ended, until it is posted; and those of which the hook saw nothing.

use std::time::Duration;

use crate::instrument::sqlite::shapes;
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::text::sql;
use crate::model::callsite::Callsite;
use crate::model::clock::{self, TickSpan, Ticks};
use crate::model::names::Shape;
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, Statement, StatementDetail};
use crate::record::current::{self, Current};

/// A statement that has ended and is not posted yet.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) statement: Statement,
    /// From when on it is slow.
    pub(crate) slow: TickSpan,
    /// It was refused its transaction, and may be tried again.
    pub(crate) is_refused: bool,
}

impl Finished {
    /// Posts it, with what has been added to it.
    pub(crate) fn post(mut self) {
        let is_slow = self.statement.taken.reaches(self.slow);
        self.statement.flags.set(Flags::SLOW, is_slow);
        current::with_current(|current| current.post_statement(self.statement));
    }
}

/// From when on a statement is slow here, of whose shape one is from `slow` on: the annotation around it counts more.
#[inline(always)]
pub(crate) fn slow(slow: TickSpan, current: &Current<'_>) -> TickSpan {
    match current.query().and_then(Callsite::slow_nanos) {
        Some(nanos) => ticks_in(nanos),
        None => slow,
    }
}

#[inline(never)]
fn ticks_in(nanos: u64) -> TickSpan {
    TickSpan::of(clock::ticks_in(Duration::from_nanos(nanos)))
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
        let shape = shapes::named(shape, current.query());
        let numbered = shapes::intern(current.recorder, shape);
        Finished {
            statement: Statement {
                function: current.function,
                start,
                detail,
                request: current.request_id(),
                taken,
                rows: 0,
                steps: 0,
                shape: numbered.shape,
                flags: Flags::default(),
                outcome,
            },
            slow: slow(numbered.slow, current),
            is_refused: false,
        }
    });
    if let Some(finished) = finished {
        finished.post();
    }
}
