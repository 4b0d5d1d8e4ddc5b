//! What a statement does to the transaction and to the write lock of its connection.

use std::sync::atomic::Ordering::Relaxed;

use crate::instrument::sqlite::hook::Link;
use crate::instrument::sqlite::lock::Locks;
use crate::instrument::sqlite::shapes::{Known, Slot};
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::transaction::{Change, Ended, Transactions};
use crate::model::clock::{TickSpan, Ticks};
use crate::model::event::Event;
use crate::model::names::Effect;
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Holder, Statement};
use crate::model::transaction::Ending;
use crate::record::current::{self, Current};

/// What is known of a statement that has ended, beside its record.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) known: Known,
    pub(crate) is_refused: bool,
    /// Whether others of the connection are still running.
    pub(crate) others_run: bool,
}

/// Says that this connection is about to write, if nobody else does.
pub(crate) fn announce(locks: &Locks, slot: &mut Slot, quotes: DoubleQuotes) {
    // Without our handler nobody would tell that it has to wait.
    if !locks.waits() {
        return;
    }
    current::with_current(|current| {
        let shape = slot.number(current, quotes).shape;
        locks.announce(Ticks::now(), holder(current, shape));
    });
}

/// Follows what a statement did.
pub(crate) fn follow(
    transactions: &mut Transactions,
    locks: &Locks,
    link: &Link,
    current: &Current<'_>,
    did: &Statement,
    seen: Seen,
) {
    let Seen {
        known,
        is_refused,
        others_run,
    } = seen;
    let waited = did.lock().map(|lock| lock.waited).unwrap_or_default();
    let has_run = !is_refused && did.lock().is_none_or(|lock| !lock.gave_up);
    let ended = Ended {
        effect: known.effect,
        start: did.start,
        end: did.end(),
        waited,
        failed: did.outcome != OutcomeKind::Ok,
        has_run,
        writes: has_run && known.effect == Effect::Write && !known.may_do_nothing,
        rolls_back: known.may_roll_back && did.outcome != OutcomeKind::Ok,
        is_left_open: link.ends_left_open.load(Relaxed),
        others_run,
    };
    match transactions.ended(current, &ended) {
        Change::Locked => locks.has(did.start.after(waited), holder(current, did.shape)),
        Change::Closed(mut transaction) => {
            if ended.is_left_open {
                transaction.ending = Ending::LeftOpen;
            }
            locks.writes_no_more();
            current.post(Event::Transaction(transaction));
        }
        // It may have rolled all of it back; the next write tells whether it did not.
        Change::None if known.may_roll_back || !transactions.has_lock() => locks.writes_no_more(),
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
