//! The sending side of one pipeline, shared by every thread that reports to it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::ThreadId;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use crossbeam_utils::atomic::AtomicCell;

use crate::model::batch::Batch;
use crate::model::control::Control;
use crate::model::ended_request::EndedRequest;
use crate::model::event::Event;
use crate::model::gauges::{DropReason, Gauges};
use crate::model::names::Names;
use crate::model::plan::PlanErrand;
use crate::model::policy::Policy;
use crate::model::request::Request;

/// One thread's unfinished batch: its owner takes it, pushes and puts it back; the collector takes it on a tick.
///
/// `None` while one of them holds it, and never otherwise. Only the owner ever puts events in, so nothing can be overwritten.
pub(crate) type Slot = AtomicCell<Option<Box<Batch>>>;

pub(crate) struct Recorder {
    /// Never 0, and never that of another pipeline of this process.
    pub(crate) id: u64,
    pub(crate) policy: Policy,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) names: Arc<Names>,
    pub(crate) lanes: Lanes,
    threads: AtomicU32,
    waking: Arc<AtomicBool>,
    stopped: AtomicBool,
    collector: std::sync::OnceLock<ThreadId>,
}

/// The channels, as the recording side holds them.
pub(crate) struct Lanes {
    /// Full batches; bounded.
    pub(crate) batches: Sender<Box<Batch>>,
    /// Emptied batches, to be filled again.
    pub(crate) spares: Receiver<Box<Batch>>,
    /// The numbers and slots of new threads; a thread that ended is known by its `Arc`.
    pub(crate) slots: Sender<(u32, Arc<Slot>)>,
    /// Forced records, already counted, while `batches` is full. At most `forced_capacity`, the newest.
    pub(crate) forced: (Sender<Event>, Receiver<Event>),
    pub(crate) forced_capacity: usize,
    pub(crate) control: Sender<Control>,
    /// What the collector is to find out when it comes round; bounded.
    pub(crate) errands: Sender<PlanErrand>,
}

impl Recorder {
    pub(crate) fn new(
        id: u64,
        policy: Policy,
        gauges: Arc<Gauges>,
        names: Arc<Names>,
        lanes: Lanes,
        waking: Arc<AtomicBool>,
    ) -> Self {
        Self {
            id,
            policy,
            gauges,
            names,
            lanes,
            threads: AtomicU32::new(1),
            waking,
            stopped: AtomicBool::new(false),
            collector: std::sync::OnceLock::new(),
        }
    }

    /// The number of the next pipeline.
    pub(crate) fn next_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: only its difference from all others counts.
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// The number of the next thread that reports here, from 1 on.
    pub(crate) fn next_thread(&self) -> u32 {
        // Relaxed: as above.
        self.threads.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells which thread collects, so that a question from it is not put to itself.
    pub(crate) fn set_collector(&self, thread: ThreadId) {
        let _ = self.collector.set(thread);
    }

    pub(crate) fn is_collector(&self, thread: ThreadId) -> bool {
        self.collector.get() == Some(&thread)
    }

    pub(crate) fn stop(&self) {
        // Relaxed: what a thread that has not seen it yet still posts is collected with the rest.
        self.stopped.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn post(&self, slot: &Slot, thread: u32, event: Event) {
        self.with_batch(slot, thread, |batch| batch.events.push(event));
    }

    pub(crate) fn post_request(&self, slot: &Slot, thread: u32, request: EndedRequest) {
        self.with_batch(slot, thread, |batch| batch.requests.push(request));
    }

    #[inline]
    fn with_batch(&self, slot: &Slot, thread: u32, push: impl FnOnce(&mut Batch)) {
        let mut batch = slot.take().unwrap_or_else(Batch::boxed);
        push(&mut batch);
        if batch.is_full() {
            batch.thread = thread;
            batch = self.send(batch);
        }
        slot.store(Some(batch));
    }

    /// Hands over a full batch and returns an empty one, or the same, emptied, where the channel takes no more.
    #[cold]
    fn send(&self, batch: Box<Batch>) -> Box<Batch> {
        match self.lanes.batches.try_send(batch) {
            Ok(()) => {
                let waiting = self.lanes.batches.len();
                if waiting * 2 >= self.lanes.batches.capacity().unwrap_or(usize::MAX) {
                    self.wake();
                }
                self.lanes
                    .spares
                    .try_recv()
                    .unwrap_or_else(|_| Batch::boxed())
            }
            Err(TrySendError::Full(batch)) => {
                self.wake();
                self.count_here(batch)
            }
            Err(TrySendError::Disconnected(mut batch)) => {
                self.count_stopped(batch.len());
                batch.clear();
                batch
            }
        }
    }

    /// Under pressure the counting moves to the caller's thread: counts stay exact, and forced records are kept.
    fn count_here(&self, mut batch: Box<Batch>) -> Box<Batch> {
        let mut counted = batch.counted.take().unwrap_or_default();
        for event in batch.drain() {
            let verdict = self.policy.judge(&event);
            counted.observe(&event, &verdict);
            if verdict.forced {
                self.keep_forced(event);
            } else if event.is_operation() {
                self.gauges.count_dropped(DropReason::ChannelFull, 1);
            }
        }
        batch.counted = Some(counted);
        batch
    }

    /// Leaves an errand for the collector; `false` where it has too many.
    pub(crate) fn run_later(&self, errand: PlanErrand) -> bool {
        self.lanes.errands.try_send(errand).is_ok()
    }

    fn keep_forced(&self, event: Event) {
        let (sender, receiver) = &self.lanes.forced;
        // The oldest gives way, as it would in the collector's own ring of the same size.
        if sender.len() >= self.lanes.forced_capacity && receiver.try_recv().is_ok() {
            self.gauges.count_dropped(DropReason::ForcedOverflow, 1);
        }
        // This side holds a receiver, so the lane is never closed.
        let _ = sender.send(event);
    }

    /// Leaves a request out that is under way.
    pub(crate) fn exclude(&self, request: &Request) {
        if request.exclude() {
            self.gauges.request_ended();
        }
    }

    pub(crate) fn count_stopped(&self, events: usize) {
        self.gauges
            .count_dropped(DropReason::Stopped, events as u64);
    }

    /// Wakes the collector, once until it has come round: a wake costs the caller a system call.
    fn wake(&self) {
        // Relaxed: a wake too many, or one that waits for the next tick, is no harm.
        if !self.waking.swap(true, Ordering::Relaxed) {
            let _ = self.lanes.control.try_send(Control::Wake);
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
