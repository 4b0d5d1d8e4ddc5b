//! The sending side of one pipeline, shared by every thread that reports to it.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Thread, ThreadId};

use crossbeam_channel::{Receiver, Sender};

use crate::model::callsite::Callsite;
use crate::model::control::Control;
use crate::model::event::Event;
use crate::model::gauges::{DropReason, Gauges};
use crate::model::names::Names;
use crate::model::plan::PlanErrand;
use crate::model::policy::Policy;
use crate::model::request::Request;
use crate::model::sampling::Dice;
use crate::record::current;
use crate::record::queue::{NewQueue, NewWideQueue};

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
    collector: OnceLock<Thread>,
}

/// The channels, as the recording side holds them.
pub(crate) struct Lanes {
    /// The rings of threads, each before its first event; one whose thread has left it says so. Those of large events apart.
    pub(crate) queues: Sender<NewQueue>,
    pub(crate) wide_queues: Sender<NewWideQueue>,
    /// Forced records, already counted, while a ring is full. At most `forced_capacity`, the newest.
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
            collector: OnceLock::new(),
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

    /// Tells which thread collects: it is woken, and a question from it is not put to itself.
    pub(crate) fn set_collector(&self, thread: Thread) {
        let _ = self.collector.set(thread);
    }

    pub(crate) fn is_collector(&self, thread: ThreadId) -> bool {
        self.collector.get().map(Thread::id) == Some(thread)
    }

    /// Tells the collector to do something, and wakes it for that; `false` where it is gone.
    pub(crate) fn tell(&self, control: Control) -> bool {
        let is_told = self.lanes.control.send(control).is_ok();
        // At the very start it is not known yet, and finds it at its next tick.
        if let Some(collector) = self.collector.get() {
            collector.unpark();
        }
        is_told
    }

    pub(crate) fn stop(&self) {
        // Relaxed: what a thread that has not seen it yet still posts is collected with the rest.
        self.stopped.store(true, Ordering::Relaxed);
        current::next_epoch();
    }

    #[inline]
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Throws the dice for the record of a call, if it turns out to be an ordinary one.
    #[inline]
    pub(crate) fn samples(&self, site: &Callsite, dice: &Cell<Dice>) -> bool {
        // A forced one is none, whatever the dice would say.
        site.is_forced() || site.sampling().unwrap_or(self.policy.sampling).keeps(dice)
    }

    /// Leaves an errand for the collector; `false` where it has too many.
    pub(crate) fn run_later(&self, errand: PlanErrand) -> bool {
        self.lanes.errands.try_send(errand).is_ok()
    }

    pub(crate) fn keep_forced(&self, event: Event) {
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
    pub(crate) fn wake(&self) {
        // Relaxed: a wake too many, or one that waits for the next tick, is no harm.
        if !self.waking.swap(true, Ordering::Relaxed) {
            self.tell(Control::Wake);
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
