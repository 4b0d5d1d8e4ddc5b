//! The collector's ends of the rings that threads fill.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_utils::atomic::AtomicCell;
use rtrb::Consumer;

use crate::collect::state::{State, View};
use crate::model::aggregate::Aggregate;
use crate::model::event::Event;
use crate::model::gauges::Gauges;

/// How many events are taken before their room is given back.
const CHUNK: usize = 64;

/// How long an answer waits for threads that were interrupted in the middle of counting.
const OWNER_TIMEOUT: Duration = Duration::from_millis(100);

/// What a thread has counted itself, as the recording side fills it.
type Counted = Arc<AtomicCell<Option<Box<Aggregate>>>>;

/// A ring, as it comes from its thread.
pub(crate) type NewQueue = (u32, Consumer<Event>, Counted);

/// Rings that have not ended, those of a thread in the order in which it began them.
#[derive(Default)]
pub(crate) struct Queues(Vec<NewQueue>);

impl Queues {
    pub(crate) fn extend(&mut self, new: impl Iterator<Item = NewQueue>) {
        self.0.extend(new);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes what is in the rings now, and lets go of those that have ended.
    pub(crate) fn drain(
        &mut self,
        complete: bool,
        state: &mut State,
        view: &View<'_>,
        gauges: &Gauges,
    ) {
        let deadline = Instant::now() + OWNER_TIMEOUT;
        let mut at = 0;
        // They stay where they are: what an event does to whoever looks at it must not cost them.
        while let Some((thread, events, counted)) = self.0.get_mut(at) {
            // Asked before the events are taken: a thread that is gone now has posted its last.
            let has_ended = events.is_abandoned();
            // Counted before they are taken: under a steady flood an answer must not wait for a silence that never comes.
            let mut left = events.slots();
            while left > 0 {
                let Ok(chunk) = events.read_chunk(left.min(CHUNK)) else {
                    break;
                };
                left -= chunk.len();
                for event in chunk {
                    state.observe(event, *thread, view);
                }
            }
            take_counted(counted, complete.then_some(deadline), &mut state.aggregate);
            if has_ended {
                gauges.give_queue_room(events.buffer().capacity());
                self.0.remove(at);
            } else {
                at += 1;
            }
        }
    }
}

/// Takes what a thread has counted, until `deadline` also if it is counting just now.
fn take_counted(counted: &Counted, deadline: Option<Instant>, sum: &mut Aggregate) {
    let taken = loop {
        match counted.take() {
            // Its owner holds it, for some nanoseconds or until it is scheduled again.
            None if deadline.is_some_and(|deadline| Instant::now() < deadline) => {
                std::thread::yield_now();
            }
            taken => break taken,
        }
    };
    let Some(mut taken) = taken else { return };
    if !taken.is_empty() {
        sum.merge(std::mem::take(&mut *taken));
    }
    // A swap and never a store: an owner that found nothing may have counted since.
    if let Some(newer) = counted.swap(Some(taken)) {
        sum.merge(*newer);
    }
}
