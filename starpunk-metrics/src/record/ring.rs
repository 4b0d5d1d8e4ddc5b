//! One ring of a thread: where there is room in it, and when it gives way to a larger or a smaller one.
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

/// How often the collector must have come in time before a smaller ring will do: making one costs more than a look.
const IN_TIME: u8 = 16;

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
    /// How often the collector had come in time since this ring began; where it came too late, that was a new one.
    in_time: Cell<u8>,
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
            in_time: Cell::new(0),
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
        let room = self.room_in(recorder, &mut events, hand_over);
        self.room.set(room);
        self.looked.set((Ticks::now(), room));
        if room == 0 {
            self.refused.set(REFUSED_AT_ONCE);
        }
        room
    }

    /// A ring that is half full gives way to a larger one, or the collector is woken; of the largest, when it is three quarters
    /// full. One that is full gives way while there is room for another.
    fn room_in(
        &self,
        recorder: &Recorder,
        events: &mut Producer<T>,
        hand_over: impl FnOnce(Consumer<T>),
    ) -> usize {
        let capacity = events.buffer().capacity();
        let free = events.slots();
        let pace = self.pace();
        if free > capacity / 2 {
            if self.half_will_do(capacity, pace)
                && self.renew(recorder, events, capacity / 2, hand_over)
            {
                return capacity / 4;
            }
            return free - capacity / 2;
        }
        let wakes = self.pays_to_wake(pace) && capacity >= Self::LARGE;
        let grows = free == 0 || !wakes && capacity < Self::MOST;
        let larger = (capacity * 2).min(Self::MOST);
        if grows && self.renew(recorder, events, larger, hand_over) {
            return larger / 2;
        }
        if !wakes && free > capacity / 4 {
            return free - capacity / 4;
        }
        recorder.wake();
        free
    }

    /// How many nanoseconds lay between two events since the last look.
    fn pace(&self) -> u64 {
        let (then, found) = self.looked.get();
        then.nanos_until(Ticks::now()) / found.max(1) as u64
    }

    /// Whether events come at such a pace that a wake costs little, and that the next tick would be too late for the patient.
    fn pays_to_wake(&self, pace: u64) -> bool {
        let is_too_late = !self.is_patient || lasts(Self::MOST / 4 * 3, pace) < NEXT_TICK;
        is_too_late && lasts(Self::LARGE / 2, pace) >= WORTH_WAKING
    }

    /// Whether half of this ring would be enough, now that the collector has come in time again.
    fn half_will_do(&self, capacity: usize, pace: u64) -> bool {
        if capacity <= Self::LARGE {
            return false;
        }
        let in_time = self.in_time.get().saturating_add(1);
        self.in_time.set(in_time);
        in_time >= IN_TIME
            && (self.pays_to_wake(pace) || lasts(capacity / 8 * 3, pace) >= NEXT_TICK)
    }

    /// Begins a new ring, if there is room for it. The collector lets go of the old one when it has emptied it.
    fn renew(
        &self,
        recorder: &Recorder,
        events: &mut Producer<T>,
        capacity: usize,
        hand_over: impl FnOnce(Consumer<T>),
    ) -> bool {
        if events.is_abandoned() || !recorder.gauges.take_queue_room(capacity * size_of::<T>()) {
            return false;
        }
        let (new, end) = RingBuffer::new(capacity);
        *events = new;
        self.in_time.set(0);
        hand_over(end);
        true
    }
}

/// How long so many events last, in nanoseconds.
fn lasts(events: usize, pace: u64) -> u64 {
    pace.saturating_mul(events as u64)
}
