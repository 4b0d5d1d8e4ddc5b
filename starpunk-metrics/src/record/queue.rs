//! One thread's way to the collector: a ring that this thread fills and the collector empties.
//!
//! It has one writer and one reader, so neither waits for the other, and a post is a few plain stores. An exchange of an
//! atomic costs two thirds of a reading of the clock.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;

use crossbeam_utils::atomic::AtomicCell;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::model::aggregate::Aggregate;
use crate::model::clock::Ticks;
use crate::model::event::Event;
use crate::model::gauges::{DropReason, Gauges};
use crate::record::recorder::Recorder;

/// How many events a thread's first ring holds: 4 KB.
const FIRST_CAPACITY: usize = Gauges::FREE_QUEUE_EVENTS;

/// From so many on, 64 KB, the collector may be woken instead of making a larger ring.
const LARGE_CAPACITY: usize = 1_024;

/// At which pace it is, in nanoseconds an event. Where they come faster a wake, some microseconds, costs too much of the time
/// that they take; where they come slower the collector comes round before the largest ring is three quarters full.
const WAKING_PACE: Range<u64> = 200..16_000;

/// How many the largest holds: 512 KB, half of what all threads may take.
const MOST_CAPACITY: usize = 8_192;

/// How many events are counted on their own thread before room is looked for again: looking costs more than one of them.
const REFUSED_AT_ONCE: u32 = 31;

/// What a thread has counted itself because there was no room: its owner takes it, counts and puts it back; the collector takes
/// it on a tick.
///
/// `None` while one of them holds it, and never otherwise.
pub(crate) type Counted = AtomicCell<Option<Box<Aggregate>>>;

/// The collector's end of a ring.
pub(crate) type NewQueue = (u32, Consumer<Event>, Arc<Counted>);

pub(crate) struct Queue {
    /// The number of this thread in its pipeline.
    thread: u32,
    events: RefCell<Producer<Event>>,
    /// There is room for so many events at least; then the collector's progress is looked at.
    room: Cell<usize>,
    /// When that was, and how much was found.
    looked: Cell<(Ticks, usize)>,
    /// There was none, and so many events are counted here before it is looked for again.
    refused: Cell<u32>,
    counted: Arc<Counted>,
}

/// Room for one event.
pub(crate) struct Room<'a> {
    events: &'a mut Producer<Event>,
    /// How much there is at least, for this one and others.
    left: &'a Cell<usize>,
}

impl Room<'_> {
    #[inline(always)]
    pub(crate) fn take(self, event: Event) {
        self.left.set(self.left.get() - 1);
        if let Err(full) = self.events.push(event) {
            // It is not: so nothing has to be there for dropping an event.
            debug_assert!(false, "there is room");
            std::mem::forget(full);
        }
    }
}

impl Queue {
    /// A queue whose other end the collector has.
    pub(crate) fn new(recorder: &Recorder) -> Self {
        let thread = recorder.next_thread();
        let counted = Arc::new(Counted::new(Some(Box::default())));
        Self {
            thread,
            events: RefCell::new(ring(recorder, FIRST_CAPACITY, thread, &counted)),
            room: Cell::new(FIRST_CAPACITY / 2),
            looked: Cell::new((Ticks::now(), FIRST_CAPACITY / 2)),
            refused: Cell::new(0),
            counted,
        }
    }

    #[inline]
    pub(crate) fn post(&self, recorder: &Recorder, event: Event) {
        self.post_with(recorder, || event);
    }

    /// Posts what `make` makes, which so is written once, where it is to lie.
    #[inline(always)]
    pub(crate) fn post_with(&self, recorder: &Recorder, make: impl FnOnce() -> Event) {
        let room = match self.room.get() {
            0 => self.find_room(recorder),
            room => room,
        };
        match self.events.try_borrow_mut() {
            Ok(mut events) if room > 0 => Room {
                events: &mut events,
                left: &self.room,
            }
            .take(make()),
            _ => self.count_here(recorder, make()),
        }
    }

    /// Room for one event, if there is some without looking.
    #[inline(always)]
    pub(crate) fn room(&mut self) -> Option<Room<'_>> {
        (self.room.get() > 0).then(|| Room {
            events: self.events.get_mut(),
            left: &self.room,
        })
    }

    /// Sees to it that there is room, and tells for how many events.
    #[cold]
    fn find_room(&self, recorder: &Recorder) -> usize {
        let Ok(mut events) = self.events.try_borrow_mut() else {
            return 0;
        };
        if let Some(refused) = self.refused.get().checked_sub(1) {
            self.refused.set(refused);
            return 0;
        }
        let pays_to_wake = WAKING_PACE.contains(&self.pace());
        let room = self.room_in(recorder, &mut events, pays_to_wake);
        self.room.set(room);
        self.looked.set((Ticks::now(), room));
        if room == 0 {
            self.refused.set(REFUSED_AT_ONCE);
        }
        room
    }

    /// How many nanoseconds there were to an event since room was looked for.
    fn pace(&self) -> u64 {
        let (then, found) = self.looked.get();
        then.nanos_until(Ticks::now()) / found.max(1) as u64
    }

    /// A ring that is half full gives way to a larger one, or the collector is woken; of the largest, when it is three quarters
    /// full. One that is full gives way while there is room for another.
    fn room_in(
        &self,
        recorder: &Recorder,
        events: &mut Producer<Event>,
        pays_to_wake: bool,
    ) -> usize {
        let capacity = events.buffer().capacity();
        let free = events.slots();
        if free > capacity / 2 {
            return free - capacity / 2;
        }
        let wakes = pays_to_wake && capacity >= LARGE_CAPACITY;
        let grows = free == 0 || !wakes && capacity < MOST_CAPACITY;
        if grows && self.grow(recorder, events) {
            return events.buffer().capacity() / 2;
        }
        if !wakes && free > capacity / 4 {
            return free - capacity / 4;
        }
        recorder.wake();
        free
    }

    /// Begins a new ring, twice as large as far as that goes, if there is room for it. The collector lets go of the old one
    /// when it has emptied it.
    fn grow(&self, recorder: &Recorder, events: &mut Producer<Event>) -> bool {
        if events.is_abandoned() {
            return false;
        }
        let capacity = (events.buffer().capacity() * 2).min(MOST_CAPACITY);
        if !recorder.gauges.take_queue_room(capacity) {
            return false;
        }
        *events = ring(recorder, capacity, self.thread, &self.counted);
        true
    }

    /// Under pressure the counting moves to the caller's thread: counts stay exact, and forced records are kept.
    #[cold]
    fn count_here(&self, recorder: &Recorder, event: Event) {
        let is_abandoned = self
            .events
            .try_borrow()
            .is_ok_and(|events| events.is_abandoned());
        if is_abandoned {
            return recorder.count_stopped(1);
        }
        let verdict = recorder.policy.judge(&event);
        let mut counted = self.counted.take().unwrap_or_default();
        counted.observe(&event, &verdict);
        self.counted.store(Some(counted));
        if verdict.forced {
            recorder.keep_forced(event);
        } else if event.is_operation() {
            recorder.gauges.count_dropped(DropReason::ChannelFull, 1);
        }
    }
}

/// Makes a ring, and gives the collector its end.
fn ring(
    recorder: &Recorder,
    capacity: usize,
    thread: u32,
    counted: &Arc<Counted>,
) -> Producer<Event> {
    let (producer, consumer) = RingBuffer::new(capacity);
    // The collector may be gone; then the ring is abandoned, and the loss is counted when it is full.
    let _ = recorder
        .lanes
        .queues
        .send((thread, consumer, Arc::clone(counted)));
    producer
}
