//! One thread's way to the collector: rings that this thread fills and the collector empties, one for most events and one for the
//! large ones; and what is done where there is no room in them.

use std::cell::OnceCell;
use std::sync::Arc;

use crossbeam_utils::atomic::AtomicCell;
use rtrb::Consumer;

use crate::model::aggregate::Aggregate;
use crate::model::event::Event;
use crate::model::gauges::DropReason;
use crate::model::wide_event::WideEvent;
use crate::record::recorder::Recorder;
use crate::record::ring::{Ring, Room};

/// What a thread has counted itself because there was no room: its owner takes it, counts and puts it back; the collector takes
/// it on a tick.
///
/// `None` while one of them holds it, and never otherwise.
pub(crate) type Counted = AtomicCell<Option<Box<Aggregate>>>;

/// The collector's end of a ring, with the number of its thread in its pipeline.
pub(crate) type NewQueue = (u32, Consumer<Event>, Arc<Counted>);
pub(crate) type NewWideQueue = (u32, Consumer<WideEvent>);

pub(crate) struct Queue {
    thread: u32,
    /// There as soon as there is something for it. Before the other, and so dropped first: with that one a thread is gone.
    wide: OnceCell<Ring<WideEvent>>,
    events: Ring<Event>,
    counted: Arc<Counted>,
}

impl Queue {
    /// A queue whose other end the collector has.
    pub(crate) fn new(recorder: &Recorder) -> Self {
        // A call every 20 us makes no system call.
        let (events, end) = Ring::new(true);
        let queue = Self {
            thread: recorder.next_thread(),
            events,
            wide: OnceCell::new(),
            counted: Arc::new(Counted::new(Some(Box::default()))),
        };
        queue.hand_over(recorder, end);
        queue
    }

    /// Posts what `make` makes: an event that has no allocation.
    #[inline(always)]
    pub(crate) fn post_with(&self, recorder: &Recorder, make: impl FnOnce() -> Event) {
        let hand_over = |end| self.hand_over(recorder, end);
        if let Err(event) = self.events.post_with(recorder, hand_over, make) {
            self.count_here(recorder, event);
        }
    }

    /// Whether there is room for an event, as far as is known without looking.
    #[inline(always)]
    pub(crate) fn has_room(&self) -> bool {
        self.events.has_room()
    }

    /// Posts an event that has no allocation, where there is room.
    #[inline(always)]
    pub(crate) fn post_in_room(&self, event: Event) {
        self.events.post_in_room(event);
    }

    pub(crate) fn post_wide(&self, recorder: &Recorder, event: WideEvent) {
        self.post_wide_with(recorder, || event);
    }

    /// Posts what `make` makes, which so is written once, where it is to lie.
    #[inline]
    pub(crate) fn post_wide_with(&self, recorder: &Recorder, make: impl FnOnce() -> WideEvent) {
        let hand_over = |end| {
            let _ = recorder.lanes.wide_queues.send((self.thread, end));
        };
        let wide = self.wide.get_or_init(|| {
            // Who has so much to say has taken longer for it than a wake does.
            let (wide, end) = Ring::new(false);
            hand_over(end);
            wide
        });
        if let Err(event) = wide.post_with(recorder, hand_over, make) {
            self.count_here(recorder, event.into());
        }
    }

    /// Room for one event that has no allocation, if there is some without looking.
    #[inline(always)]
    pub(crate) fn room(&mut self) -> Option<Room<'_, Event>> {
        self.events.room()
    }

    /// The same for a large one.
    #[inline(always)]
    pub(crate) fn wide_room(&mut self) -> Option<Room<'_, WideEvent>> {
        self.wide.get_mut()?.room()
    }

    /// The collector may be gone; then the ring is abandoned, and the loss is counted when it is full.
    fn hand_over(&self, recorder: &Recorder, end: Consumer<Event>) {
        let queue = (self.thread, end, Arc::clone(&self.counted));
        let _ = recorder.lanes.queues.send(queue);
    }

    /// Under pressure the counting moves to the caller's thread: counts stay exact, and forced records are kept.
    #[cold]
    fn count_here(&self, recorder: &Recorder, event: Event) {
        if self.events.is_abandoned() {
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
