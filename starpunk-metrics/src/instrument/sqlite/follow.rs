//! What a statement does to the transaction and to the write lock of its connection.

use crate::instrument::sqlite::hook::Link;
use crate::instrument::sqlite::lock::Locks;
use crate::instrument::sqlite::shapes::{Known, Slot};
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::transaction::{Change, Ended, Transactions};
use crate::model::clock::{TickSpan, Ticks};
use crate::model::names::Effect;
use crate::model::statement::Holder;
use crate::model::transaction::Ending;
use crate::model::wide_event::WideEvent;
use crate::record::current::{self, Current};

/// What matters here of a statement that has ended.
pub(crate) struct Seen {
    pub(crate) effect: Effect,
    pub(crate) may_do_nothing: bool,
    pub(crate) may_roll_back: bool,
    pub(crate) shape: u16,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    /// For a lock.
    pub(crate) waited: TickSpan,
    pub(crate) gave_up: bool,
    pub(crate) failed: bool,
    pub(crate) is_refused: bool,
    /// Whether others of the connection are still running.
    pub(crate) others_run: bool,
}

impl Seen {
    /// Of one that ran alone, and to its end, without waiting.
    #[inline]
    pub(crate) fn of(known: &Known, shape: u16, start: Ticks, taken: TickSpan) -> Self {
        Self {
            effect: known.effect,
            may_do_nothing: known.may_do_nothing,
            may_roll_back: known.may_roll_back,
            shape,
            start,
            end: start.after(taken),
            waited: TickSpan::ZERO,
            gave_up: false,
            failed: false,
            is_refused: false,
            others_run: false,
        }
    }
}

/// Says that this connection is about to write, if nobody else does.
#[inline(never)]
pub(crate) fn announce(locks: &Locks, slot: &mut Slot, quotes: DoubleQuotes) {
    // Without our handler nobody would tell that it has to wait.
    if !locks.waits() {
        return;
    }
    current::look_at_current(|current| {
        let (shape, _) = slot.number(current, quotes);
        locks.announce(Ticks::now(), holder(current, shape));
    });
}

/// Follows what a statement did.
#[inline(never)]
pub(crate) fn follow(
    transactions: &mut Transactions,
    locks: &Locks,
    link: &Link,
    current: &Current<'_>,
    seen: &Seen,
) {
    let has_run = !seen.is_refused && !seen.gave_up;
    let ended = Ended {
        effect: seen.effect,
        start: seen.start,
        end: seen.end,
        waited: seen.waited,
        failed: seen.failed,
        has_run,
        writes: has_run && seen.effect == Effect::Write && !seen.may_do_nothing,
        rolls_back: seen.may_roll_back && seen.failed,
        is_left_open: link.ends_left_open(),
        others_run: seen.others_run,
    };
    match transactions.ended(current, &ended) {
        Change::Locked => locks.has(seen.start.after(seen.waited), holder(current, seen.shape)),
        Change::Closed(mut transaction) => {
            if ended.is_left_open {
                transaction.ending = Ending::LeftOpen;
            }
            locks.writes_no_more();
            current.post_wide(WideEvent::Transaction(*transaction));
        }
        // It may have rolled all of it back; the next write tells whether it did not.
        Change::None if seen.may_roll_back || !transactions.has_lock() => locks.writes_no_more(),
        Change::None => {}
    }
}

fn holder(current: &Current<'_>, shape: u16) -> Holder {
    Holder {
        pipeline: current.recorder.id,
        function: current.function,
        request: current.request_id(),
        shape,
        held: TickSpan::default(),
    }
}
