//! One ring of a thread: where there is room in it, and when it gives way to a larger one.
//!
//! It has one writer and one reader, so neither waits for the other, and a post is a few plain stores: no exchange of an atomic,
//! which would wait for all stores before it.

use std::cell::{Cell, RefCell};

use rtrb::{Consumer, Producer, RingBuffer};

use crate::model::clock::Ticks;
use crate::model::gauges::Gauges;
use crate::record::recorder::Recorder;

/// From so many bytes on the collector may be woken instead of making a larger ring.
const LARGE_BYTES: usize = 32 * 1024;

/// The largest: a quarter of what all threads may take.
const MOST_BYTES: usize = 512 * 1024;

/// How long half a large ring must take to fill, in nanoseconds, for a wake to cost little of it: some microseconds.
const WORTH_WAKING: u64 = 200_000;

/// The largest ring is three quarters full before the collector comes round by itself if that takes less, in nanoseconds.
const NEXT_TICK: u64 = 100_000_000;

/// How many events are counted on their own thread before room is looked for again: looking costs more than one of them.
const REFUSED_AT_ONCE: u32 = 31;

pub(super) struct Ring<T> {
    events: RefCell<Producer<T>>,
    /// There is room for so many events at least; then the collector's progress is looked at.
    room: Cell<usize>,
    /// When that was, and how much was found.
    looked: Cell<(Ticks, usize)>,
    /// Where the next tick comes soon enough, it grows rather than wake the collector.
    is_patient: bool,
    /// There was none, and so many events are counted here before it is looked for again.
    refused: Cell<u32>,
}

/// Room for one event.
pub(crate) struct Room<'a, T> {
    events: &'a mut Producer<T>,
    /// How much there is at least, for this one and others.
    left: &'a Cell<usize>,
}

impl<T> Room<'_, T> {
    #[inline(always)]
    pub(crate) fn take(self, event: T) {
        self.left.set(self.left.get() - 1);
        if let Err(full) = self.events.push(event) {
            // It is not: so nothing has to be there for dropping an event.
            debug_assert!(false, "there is room");
            std::mem::forget(full);
        }
    }
}

impl<T> Ring<T> {
    const FIRST: usize = Gauges::FREE_QUEUE_BYTES / size_of::<T>();
    // Doublings of the first: a ring would just miss any others.
    const LARGE: usize = LARGE_BYTES / Gauges::FREE_QUEUE_BYTES * Self::FIRST;
    const MOST: usize = MOST_BYTES / Gauges::FREE_QUEUE_BYTES * Self::FIRST;

    /// A ring, and the collector's end of it.
    pub(super) fn new(is_patient: bool) -> (Self, Consumer<T>) {
        let (events, end) = RingBuffer::new(Self::FIRST);
        let room = Self::FIRST / 2;
        let ring = Self {
            events: RefCell::new(events),
            room: Cell::new(room),
            looked: Cell::new((Ticks::now(), room)),
            is_patient,
            refused: Cell::new(0),
        };
        (ring, end)
    }

    /// Posts what `make` makes, which so is written once, where it is to lie; hands it back where there is no room. A larger ring's
    /// end is given to `hand_over`.
    #[inline(always)]
    pub(super) fn post_with(
        &self,
        recorder: &Recorder,
        hand_over: impl FnOnce(Consumer<T>),
        make: impl FnOnce() -> T,
    ) -> Result<(), T> {
        let room = match self.room.get() {
            0 => self.find_room(recorder, hand_over),
            room => room,
        };
        match self.events.try_borrow_mut() {
            Ok(mut events) if room > 0 => {
                let left = &self.room;
                let events = &mut events;
                Room { events, left }.take(make());
                Ok(())
            }
            _ => Err(make()),
        }
    }

    /// Whether there is room for one event, without looking.
    #[inline(always)]
    pub(super) fn has_room(&self) -> bool {
        self.room.get() > 0
    }

    /// Posts an event where there is room.
    #[inline(always)]
    pub(super) fn post_in_room(&self, event: T) {
        debug_assert!(self.has_room(), "it was asked");
        if let Ok(mut events) = self.events.try_borrow_mut() {
            let left = &self.room;
            let events = &mut events;
            Room { events, left }.take(event);
        } else {
            // Nobody has it for longer than a post: so nothing has to be there for dropping an event.
            debug_assert!(false, "it is not borrowed");
            std::mem::forget(event);
        }
    }

    /// Room for one event, if there is some without looking.
    #[inline(always)]
    pub(super) fn room(&mut self) -> Option<Room<'_, T>> {
        (self.room.get() > 0).then(|| Room {
            events: self.events.get_mut(),
            left: &self.room,
        })
    }

    /// Whether the collector has let go of the other end.
    pub(super) fn is_abandoned(&self) -> bool {
        let events = self.events.try_borrow();
        events.is_ok_and(|events| events.is_abandoned())
    }

    /// Sees to it that there is room, and tells for how many events.
    #[cold]
    fn find_room(&self, recorder: &Recorder, hand_over: impl FnOnce(Consumer<T>)) -> usize {
        let Ok(mut events) = self.events.try_borrow_mut() else {
            return 0;
        };
        if let Some(refused) = self.refused.get().checked_sub(1) {
            self.refused.set(refused);
            return 0;
        }
        let pays_to_wake = self.pays_to_wake();
        let room = Self::room_in(recorder, &mut events, pays_to_wake, hand_over);
        self.room.set(room);
        self.looked.set((Ticks::now(), room));
        if room == 0 {
            self.refused.set(REFUSED_AT_ONCE);
        }
        room
    }

    /// Whether events come at such a pace that a wake costs little, and that the next tick would be too late for the patient.
    fn pays_to_wake(&self) -> bool {
        let (then, found) = self.looked.get();
        let pace = then.nanos_until(Ticks::now()) / found.max(1) as u64;
        let lasts = |events: usize| pace.saturating_mul(events as u64);
        let is_too_late = !self.is_patient || lasts(Self::MOST / 4 * 3) < NEXT_TICK;
        is_too_late && lasts(Self::LARGE / 2) >= WORTH_WAKING
    }

    /// A ring that is half full gives way to a larger one, or the collector is woken; of the largest, when it is three quarters
    /// full. One that is full gives way while there is room for another.
    fn room_in(
        recorder: &Recorder,
        events: &mut Producer<T>,
        pays_to_wake: bool,
        hand_over: impl FnOnce(Consumer<T>),
    ) -> usize {
        let capacity = events.buffer().capacity();
        let free = events.slots();
        if free > capacity / 2 {
            return free - capacity / 2;
        }
        let wakes = pays_to_wake && capacity >= Self::LARGE;
        let grows = free == 0 || !wakes && capacity < Self::MOST;
        if grows && Self::grow(recorder, events, hand_over) {
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
    fn grow(
        recorder: &Recorder,
        events: &mut Producer<T>,
        hand_over: impl FnOnce(Consumer<T>),
    ) -> bool {
        if events.is_abandoned() {
            return false;
        }
        let capacity = (events.buffer().capacity() * 2).min(Self::MOST);
        if !recorder.gauges.take_queue_room(capacity * size_of::<T>()) {
            return false;
        }
        let (larger, end) = RingBuffer::new(capacity);
        *events = larger;
        hand_over(end);
        true
    }
}
