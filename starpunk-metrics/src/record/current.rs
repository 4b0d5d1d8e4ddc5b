//! This thread's view: which pipeline it reports to, its unfinished batch there, and the context of its work.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::batch::Batch;
use crate::model::callsite::{CallKind, Callsite};
use crate::model::ended_request::EndedRequest;
use crate::model::event::Event;
use crate::model::request::Request;
use crate::model::request_id::RequestId;
use crate::model::sampling::Dice;
use crate::model::statement::{Flags, Statement};
use crate::record::context::Context;
use crate::record::depth::{Depth, Depths};
use crate::record::recorder::{Recorder, Slot};

/// How many pipelines are alive, scoped ones included: 0 makes every annotated call return after one load.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// The id of the process's own pipeline; 0 where there is none.
static GLOBAL_ID: AtomicU64 = AtomicU64::new(0);

static GLOBAL: RwLock<Option<Arc<Recorder>>> = RwLock::new(None);

thread_local! {
    static LOCAL: Local = const {
        Local {
            context: RefCell::new(Context::none()),
            statements: Cell::new(0),
            depths: Depths::new(),
            dice: Cell::new(Dice::new()),
            bound: RefCell::new(Vec::new()),
        }
    };
}

struct Local {
    context: RefCell<Context>,
    /// Database operations recorded by this thread so far, or joined into its work; wraps.
    statements: Cell<u32>,
    depths: Depths,
    dice: Cell<Dice>,
    /// The pipelines this thread has reported to, the latest first; more than one only in tests.
    bound: RefCell<Vec<Bound>>,
}

struct Bound {
    recorder: Arc<Recorder>,
    slot: Arc<Slot>,
    /// The number of this thread there.
    thread: u32,
}

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

/// Makes `recorder` the process's own pipeline; `false` where there is one.
pub(crate) fn install_global(recorder: &Arc<Recorder>) -> bool {
    let mut global = GLOBAL.write().unwrap_or_else(PoisonError::into_inner);
    if global.is_some() {
        return false;
    }
    *global = Some(Arc::clone(recorder));
    // Relaxed: who reads the id takes the lock before it uses the pipeline.
    GLOBAL_ID.store(recorder.id, Ordering::Relaxed);
    true
}

/// Ends `recorder`'s time as the process's own pipeline, if it is that.
pub(crate) fn remove_global(recorder: &Recorder) {
    let mut global = GLOBAL.write().unwrap_or_else(PoisonError::into_inner);
    if global.as_ref().is_some_and(|known| known.id == recorder.id) {
        *global = None;
        GLOBAL_ID.store(0, Ordering::Relaxed);
    }
}

/// Tells whether this thread reports anywhere now.
#[inline]
pub(crate) fn has_pipeline() -> bool {
    // Relaxed: as in `is_active`.
    is_active()
        && (GLOBAL_ID.load(Ordering::Relaxed) != 0
            || with_context(|context| context.recorder.is_some()).unwrap_or(false))
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
    // Relaxed: as in `is_active`.
    let id = GLOBAL_ID.load(Ordering::Relaxed);
    let known = LOCAL.try_with(|local| {
        let bound = local.bound.try_borrow().ok()?;
        let first = bound.first().filter(|first| first.recorder.id == id)?;
        Some(Arc::clone(&first.recorder))
    });
    known.ok().flatten()
}

fn global() -> Option<Arc<Recorder>> {
    GLOBAL
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Looks at this thread's context; `None` while the thread ends.
pub(crate) fn with_context<R>(look: impl FnOnce(&Context) -> R) -> Option<R> {
    LOCAL
        .try_with(|local| {
            local
                .context
                .try_borrow()
                .ok()
                .map(|context| look(&context))
        })
        .ok()
        .flatten()
}

/// Exchanges this thread's context with `other`.
#[inline]
pub(crate) fn swap_context(other: &mut Context) {
    let _ = LOCAL.try_with(|local| {
        if let Ok(mut context) = local.context.try_borrow_mut() {
            std::mem::swap(&mut *context, other);
        }
    });
}

/// How it was on this thread before a call of an annotated function.
#[derive(Debug, Default)]
pub(crate) struct Before {
    depth: Depth,
    statements: u32,
    function: Option<&'static Callsite>,
}

impl Before {
    /// Whether another call of the same place was running.
    #[inline]
    pub(crate) fn is_nested(&self) -> bool {
        self.depth == Depth::Nested
    }
}

/// A call of `site` runs on this thread from now on.
#[inline]
pub(crate) fn enter_call(site: &'static Callsite) -> Before {
    let entered = LOCAL.try_with(|local| Before {
        depth: local.depths.enter(site),
        statements: local.statements.get(),
        function: local.enter_function(site),
    });
    entered.unwrap_or_default()
}

/// It runs here no more; returns how many database operations were recorded meanwhile.
#[inline]
pub(crate) fn leave_call(site: &'static Callsite, before: &Before) -> u32 {
    let left = LOCAL.try_with(|local| {
        local.depths.leave(site, before.depth);
        local.leave_function(before.function);
        local.statements.get().wrapping_sub(before.statements)
    });
    left.unwrap_or_default()
}

/// How many database operations this thread has recorded; only differences have a meaning.
#[inline]
pub(crate) fn statements() -> u32 {
    LOCAL
        .try_with(|local| local.statements.get())
        .unwrap_or_default()
}

/// Adds operations that were recorded elsewhere for the work of this thread.
#[inline]
pub(crate) fn add_statements(count: u32) {
    let _ = LOCAL.try_with(|local| {
        local
            .statements
            .set(local.statements.get().wrapping_add(count));
    });
}

/// What a thread needs to post: its pipeline, its batch there, and its context.
pub(crate) struct Current<'a> {
    pub(crate) recorder: &'a Recorder,
    pub(crate) request: Option<&'a Request>,
    /// The innermost annotated query around the work, or else the innermost business function.
    pub(crate) function: Option<&'static Callsite>,
    slot: &'a Slot,
    thread: u32,
    dice: &'a Cell<Dice>,
    statements: &'a Cell<u32>,
}

impl Current<'_> {
    /// Throws the dice for the record of a call, if it turns out to be an ordinary one.
    #[inline]
    pub(crate) fn samples(&self, site: &Callsite) -> bool {
        let rate = site.sampling().unwrap_or(self.recorder.policy.sampling);
        let mut dice = self.dice.get();
        let sampled = rate.keeps(&mut dice);
        self.dice.set(dice);
        sampled
    }

    /// The innermost annotated query around the work.
    #[inline]
    pub(crate) fn query(&self) -> Option<&'static Callsite> {
        let function = self.function;
        function.filter(|function| function.kind() == CallKind::Query)
    }

    #[inline]
    pub(crate) fn request_id(&self) -> Option<RequestId> {
        let told = self.request.filter(|request| !request.is_excluded());
        told.map(|request| request.id)
    }

    /// Whether the request that this thread works for is over.
    #[inline]
    pub(crate) fn is_late(&self) -> bool {
        self.request.is_some_and(Request::is_over)
    }

    #[inline]
    pub(crate) fn post(&self, event: Event) {
        if self.recorder.is_stopped() {
            self.recorder.count_stopped(1);
            return;
        }
        self.recorder.post(self.slot, self.thread, event);
    }

    /// Counts a statement that took so many ticks, and posts it.
    #[inline]
    pub(crate) fn post_statement(&self, mut statement: Statement) {
        statement.flags.set(Flags::LATE, self.is_late());
        self.statements.set(self.statements.get().wrapping_add(1));
        match self.request {
            Some(request) => request.count_statement(statement.taken.count()),
            None => self.count_if_unattributed(),
        }
        self.post(Event::Statement(statement));
    }

    /// Counts what belongs to no request although there are some: its context was lost on the way.
    #[inline]
    pub(crate) fn count_if_unattributed(&self) {
        if self.request.is_none() && self.recorder.gauges.requests_in_flight() > 0 {
            self.recorder.gauges.count_unattributed();
        }
    }
}

/// Posts a request to its pipeline, whatever this thread works for.
pub(crate) fn post_request(recorder: &Arc<Recorder>, request: EndedRequest) {
    let posted = LOCAL.try_with(|local| {
        if recorder.is_stopped() {
            recorder.count_stopped(1);
            return;
        }
        if !local.is_bound_to(recorder.id) {
            local.bind(Arc::clone(recorder));
        }
        if let Ok(bound) = local.bound.try_borrow()
            && let Some(bound) = bound.first()
        {
            recorder.post_request(&bound.slot, bound.thread, request);
        }
    });
    if posted.is_err() {
        recorder.count_stopped(1);
    }
}

/// Runs `work` with what this thread needs to post; `None` where there is no pipeline, or the thread is ending.
#[inline]
pub(crate) fn with_current<R>(work: impl FnOnce(&Current<'_>) -> R) -> Option<R> {
    LOCAL
        .try_with(|local| {
            let context = local.context.try_borrow().ok()?;
            let id = match &context.recorder {
                Some(recorder) => recorder.id,
                // Relaxed: binding takes the lock and looks again.
                None => GLOBAL_ID.load(Ordering::Relaxed),
            };
            if id == 0 {
                return None;
            }
            if !local.is_bound_to(id) {
                local.bind(context.recorder.clone().or_else(global)?);
            }
            let bound = local.bound.try_borrow().ok()?;
            let Bound {
                recorder,
                slot,
                thread,
            } = bound.first()?;
            Some(work(&Current {
                recorder,
                request: context.request.as_deref(),
                function: context.function.get(),
                slot,
                thread: *thread,
                dice: &local.dice,
                statements: &local.statements,
            }))
        })
        .unwrap_or_else(|_ended| {
            count_lost_with_thread();
            None
        })
}

/// Counts what a thread records after its own view is gone: in the destructor of another thread-local.
#[cold]
fn count_lost_with_thread() {
    if let Some(recorder) = global() {
        recorder.count_stopped(1);
    }
}

impl Local {
    /// Returns what the function around was. A query keeps its name also inside a business function that it calls.
    #[inline]
    fn enter_function(&self, site: &'static Callsite) -> Option<&'static Callsite> {
        let context = self.context.try_borrow().ok()?;
        let around = context.function.get();
        let is_in_query = around.is_some_and(|around| around.kind() == CallKind::Query);
        if site.kind() == CallKind::Query || !is_in_query {
            context.function.set(Some(site));
        }
        around
    }

    #[inline]
    fn leave_function(&self, around: Option<&'static Callsite>) {
        if let Ok(context) = self.context.try_borrow() {
            context.function.set(around);
        }
    }

    #[inline]
    fn is_bound_to(&self, id: u64) -> bool {
        let bound = self.bound.try_borrow();
        bound.is_ok_and(|bound| bound.first().is_some_and(|first| first.recorder.id == id))
    }

    /// Moves `recorder` to the front, and makes a slot for this thread there if it has none.
    #[cold]
    fn bind(&self, recorder: Arc<Recorder>) {
        let Ok(mut bound) = self.bound.try_borrow_mut() else {
            return;
        };
        // What ended needs no batch any more; its collector knows it by the slot's `Arc`.
        bound.retain(|known| !known.recorder.is_stopped() || known.recorder.id == recorder.id);
        if let Some(at) = bound
            .iter()
            .position(|known| known.recorder.id == recorder.id)
        {
            bound.swap(0, at);
            return;
        }
        let slot = Arc::new(Slot::new(Some(Batch::boxed())));
        // The collector may be gone; then the batch is never sent, and the loss is counted when it is full.
        let thread = recorder.next_thread();
        let _ = recorder.lanes.slots.send((thread, Arc::clone(&slot)));
        bound.insert(
            0,
            Bound {
                recorder,
                slot,
                thread,
            },
        );
    }
}
