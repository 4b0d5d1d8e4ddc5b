//! The collector's ends of the rings that threads fill.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_utils::atomic::AtomicCell;
use rtrb::Consumer;

use crate::collect::state::{State, View};
use crate::model::aggregate::Aggregate;
use crate::model::clock::Ticks;
use crate::model::event::Event;
use crate::model::gauges::Gauges;
use crate::model::wide_event::WideEvent;

/// How many events are taken before their room is given back.
const CHUNK: usize = 64;

/// How long an answer waits for threads that were interrupted in the middle of counting.
const OWNER_TIMEOUT: Duration = Duration::from_millis(100);

/// What a thread has counted itself, as the recording side fills it.
type Counted = Arc<AtomicCell<Option<Box<Aggregate>>>>;

/// A ring, as it comes from its thread.
pub(crate) type NewQueue = (u32, Consumer<Event>, Counted);
pub(crate) type NewWideQueue = (u32, Consumer<WideEvent>);

/// Rings that have not ended, those of a thread in the order in which it began them.
#[derive(Default)]
pub(crate) struct Queues {
    events: Vec<(End<Event>, Counted)>,
    wide: Vec<End<WideEvent>>,
    /// While a ring of large events is emptied, where in `events` the others of its thread are.
    others: Vec<usize>,
}

/// An end of a ring, and what was seen of it.
struct End<T> {
    thread: u32,
    events: Consumer<T>,
    /// So many are to be taken.
    ready: usize,
    /// And then there will be no more.
    has_ended: bool,
}

impl Queues {
    pub(crate) fn add(
        &mut self,
        queues: impl Iterator<Item = NewQueue>,
        wide: impl Iterator<Item = NewWideQueue>,
    ) {
        let queues = queues.map(|(thread, events, counted)| (End::new(thread, events), counted));
        self.events.extend(queues);
        self.wide
            .extend(wide.map(|(thread, events)| End::new(thread, events)));
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
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
        // The large ones are looked at later: so a statement that failed is before the call that failed by it.
        self.events.iter_mut().for_each(|(end, _)| end.look());
        self.wide.iter_mut().for_each(End::look);
        let (events, others) = (&mut self.events, &mut self.others);
        for wide in self.wide.iter_mut().filter(|wide| wide.ready > 0) {
            others.clear();
            let is_other = |end: &End<Event>| end.thread == wide.thread && end.ready > 0;
            others.extend((0..events.len()).filter(|at| is_other(&events[*at].0)));
            wide.drain(wide.ready, |event, thread| {
                // What its thread posted before: the buffers keep what is observed last.
                for at in &*others {
                    let end = &mut events[*at].0;
                    let before = end.ended_before(event.end());
                    end.drain(before, |event, thread| state.observe(event, thread, view));
                }
                match event {
                    WideEvent::Request(request) => state.observe_request(request, thread, view),
                    other => state.observe(other.into(), thread, view),
                }
            });
        }
        for (end, counted) in &mut self.events {
            end.drain(end.ready, |event, thread| {
                state.observe(event, thread, view);
            });
            take_counted(counted, complete.then_some(deadline), &mut state.aggregate);
        }
        // They stay where they are until then: what an event does to whoever looks at it must not cost them.
        self.wide.retain(|end| end.stays(gauges));
        self.events.retain(|(end, _)| end.stays(gauges));
    }
}

impl<T> End<T> {
    fn new(thread: u32, events: Consumer<T>) -> Self {
        Self {
            thread,
            events,
            ready: 0,
            has_ended: false,
        }
    }

    /// Sees how much there is. Under a steady flood an answer must not wait for a silence that never comes.
    fn look(&mut self) {
        // Asked before they are counted: a thread that is gone now has posted its last.
        self.has_ended = self.events.is_abandoned();
        self.ready = self.events.slots();
    }

    /// Takes so many of what was there.
    fn drain(&mut self, mut count: usize, mut observe: impl FnMut(T, u32)) {
        while count > 0 {
            let Ok(chunk) = self.events.read_chunk(count.min(CHUNK)) else {
                break;
            };
            count -= chunk.len();
            self.ready -= chunk.len();
            for event in chunk {
                observe(event, self.thread);
            }
        }
    }

    /// Whether more may come; the room of one that has ended is there for others.
    fn stays(&self, gauges: &Gauges) -> bool {
        if self.has_ended {
            gauges.give_queue_room(self.events.buffer().capacity() * size_of::<T>());
        }
        !self.has_ended
    }
}

impl End<Event> {
    /// How many of what was there ended before this.
    fn ended_before(&mut self, until: Ticks) -> usize {
        let Ok(chunk) = self.events.read_chunk(self.ready) else {
            return 0;
        };
        let (first, rest) = chunk.as_slices();
        let before = first.iter().chain(rest);
        before.take_while(|event| event.end() < until).count()
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
