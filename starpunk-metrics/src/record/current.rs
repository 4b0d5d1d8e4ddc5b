//! What this thread reports to now, and what it needs to post there.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::callsite::{CallKind, Callsite};
use crate::model::event::Event;
use crate::model::request::Request;
use crate::model::request_id::RequestId;
use crate::model::statement::{Flags, Statement, StatementDetail};
use crate::model::wide_event::WideEvent;
use crate::record::context::Context;
use crate::record::local::{Bound, LOCAL, Local, Work};
use crate::record::queue::Queue;
use crate::record::recorder::Recorder;

/// How many pipelines are alive, scoped ones included: 0 makes every annotated call return after one load.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// The id of the process's own pipeline; 0 where there is none.
static GLOBAL_ID: AtomicU64 = AtomicU64::new(0);

/// Changes whenever a pipeline becomes the process's own, ceases to be, or stops: what a thread has found out about them holds as
/// long as this stays. Never 0.
static EPOCH: AtomicU64 = AtomicU64::new(1);

static GLOBAL: RwLock<Option<Arc<Recorder>>> = RwLock::new(None);

/// Tells whether any pipeline is alive.
#[inline]
pub(crate) fn is_active() -> bool {
    // Relaxed: a call that began before a pipeline started, or after it ended, need not be seen.
    ALIVE.load(Ordering::Relaxed) != 0
}

pub(crate) fn pipeline_started() {
    ALIVE.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn pipeline_stopped() {
    ALIVE.fetch_sub(1, Ordering::Relaxed);
}

#[inline]
pub(super) fn epoch() -> u64 {
    // Acquire, and Release below: who sees the change sees what has changed.
    EPOCH.load(Ordering::Acquire)
}

pub(super) fn next_epoch() {
    EPOCH.fetch_add(1, Ordering::Release);
}

/// Makes `recorder` the process's own pipeline; `false` where there is one.
pub(crate) fn install_global(recorder: &Arc<Recorder>) -> bool {
    let mut global = GLOBAL.write().unwrap_or_else(PoisonError::into_inner);
    if global.is_some() {
        return false;
    }
    *global = Some(Arc::clone(recorder));
    // Relaxed: who reads the id takes the lock before it uses the pipeline.
    GLOBAL_ID.store(recorder.id, Ordering::Relaxed);
    next_epoch();
    true
}

/// Ends `recorder`'s time as the process's own pipeline, if it is that.
pub(crate) fn remove_global(recorder: &Recorder) {
    let mut global = GLOBAL.write().unwrap_or_else(PoisonError::into_inner);
    if global.as_ref().is_some_and(|known| known.id == recorder.id) {
        *global = None;
        GLOBAL_ID.store(0, Ordering::Relaxed);
        next_epoch();
    }
}

/// The number of the process's own pipeline; 0 where there is none.
#[inline]
pub(super) fn global_id() -> u64 {
    // Relaxed: binding takes the lock and looks again.
    GLOBAL_ID.load(Ordering::Relaxed)
}

/// Tells whether this thread reports anywhere now.
#[inline]
pub(crate) fn has_pipeline() -> bool {
    is_active()
        && (global_id() != 0 || with_context(|context| context.recorder.is_some()).unwrap_or(false))
}

/// The pipeline that this thread reports to now: that of its context, else the process's own.
pub(crate) fn recorder() -> Option<Arc<Recorder>> {
    if !is_active() {
        return None;
    }
    let entered = with_context(|context| context.recorder.clone()).flatten();
    entered.or_else(known_global).or_else(global)
}

/// The process's own pipeline as this thread knows it: without the lock that all threads would share.
fn known_global() -> Option<Arc<Recorder>> {
    LOCAL.with(|local| {
        let work = local.work.try_borrow().ok()?;
        let bound = work.bound_to(global_id())?;
        Some(Arc::clone(&bound.recorder))
    })
}

fn global() -> Option<Arc<Recorder>> {
    GLOBAL
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Looks at this thread's context, but for its function.
pub(crate) fn with_context<R>(look: impl FnOnce(&Context) -> R) -> Option<R> {
    LOCAL.with(|local| {
        let work = local.work.try_borrow().ok()?;
        Some(look(&work.context))
    })
}

/// The innermost annotated query around the work of this thread, or else the innermost business function.
pub(crate) fn function() -> Option<&'static Callsite> {
    LOCAL.with(|local| local.function.get())
}

/// Exchanges this thread's context with `other`.
#[inline]
pub(crate) fn swap_context(other: &mut Context) {
    LOCAL.with(|local| {
        if let Ok(mut work) = local.work.try_borrow_mut() {
            work.settled = 0;
            let context = &mut work.context;
            std::mem::swap(context, other);
            let entered = context.function.get();
            other.function.set(local.function.replace(entered));
        }
    });
}

/// How many database operations this thread has recorded; only differences have a meaning.
#[inline]
pub(crate) fn statements() -> u32 {
    LOCAL.with(|local| local.statements.get())
}

/// Adds operations that were recorded elsewhere for the work of this thread.
#[inline]
pub(crate) fn add_statements(count: u32) {
    LOCAL.with(|local| local.count_operations(count));
}

/// What a thread needs to post: its pipeline, its queue there, and its context.
#[derive(Clone, Copy)]
pub(crate) struct Current<'a> {
    pub(crate) recorder: &'a Recorder,
    pub(crate) request: Option<&'a Request>,
    /// The innermost annotated query around the work, or else the innermost business function.
    pub(crate) function: Option<&'static Callsite>,
    queue: &'a Queue,
    local: &'a Local,
}

impl Current<'_> {
    /// Throws the dice for the record of a call, if it turns out to be an ordinary one.
    #[inline]
    pub(crate) fn samples(&self, site: &Callsite) -> bool {
        self.recorder.samples(site, &self.local.dice)
    }

    /// The innermost annotated query around the work.
    #[inline]
    pub(crate) fn query(&self) -> Option<&'static Callsite> {
        let function = self.function;
        function.filter(|function| function.kind() == CallKind::Query)
    }

    #[inline]
    pub(crate) fn request_id(&self) -> Option<RequestId> {
        self.request.and_then(Request::told_id)
    }

    /// Whether the request that this thread works for is over.
    #[inline]
    pub(crate) fn is_late(&self) -> bool {
        self.request.is_some_and(Request::is_over)
    }

    /// Posts an event that has no allocation.
    #[inline]
    pub(crate) fn post(&self, event: Event) {
        if self.is_open() {
            self.queue.post_with(self.recorder, || event);
        }
    }

    pub(crate) fn post_wide(&self, event: WideEvent) {
        if self.is_open() {
            self.queue.post_wide(self.recorder, event);
        }
    }

    /// Whether anything is taken still; counts it where not.
    #[inline]
    fn is_open(&self) -> bool {
        let is_stopped = self.recorder.is_stopped();
        if is_stopped {
            self.recorder.count_stopped(1);
        }
        !is_stopped
    }

    /// Counts a statement, and posts it.
    #[inline(always)]
    pub(crate) fn post_statement(&self, mut statement: Statement) {
        self.count_statement(&mut statement);
        match statement.detail.take() {
            None => self.post(Event::Statement(statement)),
            Some(detail) => self.post_wide(WideEvent::Statement(statement, *detail)),
        }
    }

    /// The same for one whose details are not with it yet.
    #[inline(always)]
    pub(crate) fn post_detailed(&self, mut statement: Statement, detail: StatementDetail) {
        self.count_statement(&mut statement);
        self.post_wide(WideEvent::Statement(statement, detail));
    }

    /// The same for one without details, where there is room.
    #[inline(always)]
    pub(crate) fn post_in_room(&self, mut statement: Statement) {
        debug_assert!(statement.detail.is_none(), "it has no allocation");
        self.count_statement(&mut statement);
        self.queue.post_in_room(Event::Statement(statement));
    }

    #[inline(always)]
    fn count_statement(&self, statement: &mut Statement) {
        statement.flags.set(Flags::LATE, self.is_late());
        self.local.count_operations(1);
        match self.request {
            Some(request) => request.count_statement(statement.taken.count()),
            None => self.count_if_unattributed(),
        }
    }

    /// Counts what belongs to no request although there are some: its context was lost on the way.
    #[inline]
    pub(crate) fn count_if_unattributed(&self) {
        if self.request.is_none() {
            self.recorder.gauges.count_if_unattributed();
        }
    }
}

/// Posts what `make` makes to this pipeline, whatever this thread works for.
pub(crate) fn post_to(recorder: &Arc<Recorder>, make: impl FnOnce() -> WideEvent) {
    LOCAL.with(|local| {
        let is_bound = |local: &Local| {
            let work = local.work.try_borrow();
            work.is_ok_and(|work| work.bound_to(recorder.id).is_some())
        };
        if !is_bound(local) {
            local.bind(recorder);
        }
        if let Ok(work) = local.work.try_borrow()
            && let Some(bound) = work.bound_to(recorder.id)
            && !recorder.is_stopped()
        {
            bound.queue.post_wide_with(recorder, make);
        } else {
            recorder.count_stopped(1);
        }
    });
}

/// This thread's own view, for who looks at it more than once.
#[derive(Clone, Copy)]
pub(crate) struct Here<'a>(&'a Local);

/// Runs `work`, which is best no more than a call, with this thread's own view.
#[inline]
pub(crate) fn here<R>(work: impl FnOnce(Here<'_>) -> R) -> R {
    LOCAL.with(|local| work(Here(local)))
}

impl Here<'_> {
    /// Runs `work` with what this thread needs to post, if that is known without looking, and there is room for an event.
    #[inline(always)]
    pub(crate) fn with_room(self, work: impl FnOnce(&Current<'_>) -> bool) -> bool {
        let local = self.0;
        let Ok(mut at_work) = local.work.try_borrow() else {
            return false;
        };
        if !at_work.is_settled() {
            drop(at_work);
            local.settle();
            at_work = match local.work.try_borrow() {
                Ok(settled) if settled.is_settled() => settled,
                _ => return false,
            };
        }
        match &at_work.latest {
            Some(latest) if latest.queue.has_room() => work(&at_work.current(latest, local)),
            _ => false,
        }
    }
}

/// Runs `work` with what this thread needs to post; `None` where there is no pipeline, or the thread is ending.
#[inline]
pub(crate) fn with_current<R>(work: impl FnOnce(&Current<'_>) -> R) -> Option<R> {
    LOCAL.with(|local| local.with_current(work))
}

/// The same for what posts nothing: so nothing is lost with a thread that is ending.
#[inline]
pub(crate) fn look_at_current<R>(look: impl FnOnce(&Current<'_>) -> R) -> Option<R> {
    LOCAL.with(|local| local.look_at_current(look, || {}))
}

impl Local {
    /// Runs `work` with what this thread needs to post; `None` where there is no pipeline.
    #[inline]
    pub(super) fn with_current<R>(&self, work: impl FnOnce(&Current<'_>) -> R) -> Option<R> {
        self.look_at_current(work, count_lost_with_thread)
    }

    /// The same, and what is to be done where the thread is ending.
    #[inline]
    fn look_at_current<R>(
        &self,
        work: impl FnOnce(&Current<'_>) -> R,
        lost: impl FnOnce(),
    ) -> Option<R> {
        let mut at_work = self.work.try_borrow().ok()?;
        let id = at_work.pipeline();
        if at_work.bound_to(id).is_none() {
            if at_work.has_ended {
                lost();
                return None;
            }
            let recorder = wanted(id, &at_work.context)?;
            drop(at_work);
            self.bind(&recorder);
            at_work = self.work.try_borrow().ok()?;
        }
        let bound = at_work.bound_to(id)?;
        Some(work(&at_work.current(bound, self)))
    }

    #[cold]
    fn settle(&self) {
        if let Ok(mut work) = self.work.try_borrow_mut() {
            work.settle();
        }
    }
}

impl Work {
    /// What this thread needs to post there.
    #[inline(always)]
    fn current<'a>(&'a self, bound: &'a Bound, local: &'a Local) -> Current<'a> {
        Current {
            recorder: &bound.recorder,
            request: self.context.request.as_deref(),
            function: local.function.get(),
            queue: &bound.queue,
            local,
        }
    }
}

/// The pipeline that is to be reported to; no pipeline has the number 0.
#[cold]
fn wanted(id: u64, context: &Context) -> Option<Arc<Recorder>> {
    if id == 0 {
        return None;
    }
    context.recorder.clone().or_else(global)
}

/// Counts what a thread records after its own view is gone: in the destructor of another thread-local.
#[cold]
fn count_lost_with_thread() {
    if let Some(recorder) = global() {
        recorder.count_stopped(1);
    }
}
