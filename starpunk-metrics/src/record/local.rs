//! This thread's own view, which nobody else sees: what it works for, what runs on it, and its queues.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::model::callsite::Callsite;
use crate::model::gauges::Gauges;
use crate::model::sampling::Dice;
use crate::record::context::Context;
use crate::record::current;
use crate::record::depth::Depths;
use crate::record::queue::Queue;
use crate::record::recorder::Recorder;

thread_local! {
    // Nothing in it is dropped by itself, so that no call has to ask whether it was: [`END`] does that.
    pub(super) static LOCAL: Local = const {
        Local {
            function: Cell::new(None),
            statements: Cell::new(0),
            depths: Depths::new(),
            dice: Cell::new(Dice::UNSEEDED),
            work: ManuallyDrop::new(RefCell::new(Work::new())),
        }
    };

    /// There as soon as there is something to drop.
    static END: End = const { End };
}

pub(super) struct Local {
    /// The innermost annotated query around the work, or else the innermost business function.
    pub(super) function: Cell<Option<&'static Callsite>>,
    /// Database operations recorded by this thread so far, or joined into its work; wraps.
    pub(super) statements: Cell<u32>,
    pub(super) depths: Depths,
    /// Seeded with the first queue.
    pub(super) dice: Cell<Dice>,
    pub(super) work: ManuallyDrop<RefCell<Work>>,
}

/// The end of a thread.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        let left = LOCAL.with(|local| {
            local.depths.clear();
            let mut work = local.work.try_borrow_mut().ok()?;
            let ended = Work {
                has_ended: true,
                ..Work::new()
            };
            Some(std::mem::replace(&mut *work, ended))
        });
        // Outside of the view: whatever this drops may look at it.
        drop(left);
    }
}

/// What a thread works for, and where it reports that to.
pub(super) struct Work {
    /// All but its function, which [`Local`] has: that changes with every call.
    pub(super) context: Context,
    /// The pipeline that this thread reported to last.
    pub(super) latest: Option<Bound>,
    /// Those before it; there are some only in tests.
    others: Vec<Bound>,
    /// The [`current::epoch`] in which `latest` was found to be what `context` reports to, and not stopped; 0 since either has
    /// changed.
    pub(super) settled: u64,
    /// Its thread is ending: nothing is posted any more.
    pub(super) has_ended: bool,
}

pub(super) struct Bound {
    /// Those of the recorder.
    pub(super) gauges: Arc<Gauges>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) queue: Queue,
}

impl Work {
    const fn new() -> Self {
        Self {
            context: Context::none(),
            latest: None,
            others: Vec::new(),
            settled: 0,
            has_ended: false,
        }
    }

    /// Whether `latest` is what this thread reports to, and takes events, as far as is known without looking.
    #[inline]
    pub(super) fn is_settled(&self) -> bool {
        self.settled == current::epoch()
    }

    /// Whether it is, after a look.
    pub(super) fn settle(&mut self) -> bool {
        // First: if anything changes while it is looked at, the next one looks again.
        let epoch = current::epoch();
        let latest = self.bound_to(self.pipeline());
        let is_open = latest.is_some_and(|latest| !latest.recorder.is_stopped());
        self.settled = if is_open { epoch } else { 0 };
        is_open
    }

    /// The number of the pipeline that is to be reported to; 0 where there is none.
    #[inline]
    pub(super) fn pipeline(&self) -> u64 {
        match &self.context.recorder {
            Some(recorder) => recorder.id,
            None => current::global_id(),
        }
    }

    /// The queue to this pipeline, if that is the latest one. No pipeline has the number 0.
    #[inline]
    pub(super) fn bound_to(&self, id: u64) -> Option<&Bound> {
        let latest = self.latest.as_ref();
        latest.filter(|latest| latest.recorder.id == id)
    }

    /// Makes `recorder` the latest, with a queue for this thread there.
    fn bind(&mut self, recorder: &Arc<Recorder>) {
        self.settled = 0;
        let others = &mut self.others;
        others.extend(self.latest.take());
        // What ended needs no queue any more.
        others.retain(|known| !known.recorder.is_stopped() || known.recorder.id == recorder.id);
        let known = others
            .iter()
            .position(|known| known.recorder.id == recorder.id);
        self.latest = Some(match known {
            Some(at) => others.swap_remove(at),
            None => Bound {
                gauges: Arc::clone(&recorder.gauges),
                recorder: Arc::clone(recorder),
                queue: Queue::new(recorder),
            },
        });
    }
}

impl Local {
    /// Counts a database operation.
    #[inline]
    pub(super) fn count_operations(&self, count: u32) {
        self.statements
            .set(self.statements.get().wrapping_add(count));
    }

    #[cold]
    pub(super) fn bind(&self, recorder: &Arc<Recorder>) {
        let is_alive = END.try_with(|_| ()).is_ok();
        if is_alive && let Ok(mut work) = self.work.try_borrow_mut() {
            self.dice.set(Dice::seeded());
            work.bind(recorder);
        }
    }
}
