//! What flows with the work: which pipeline it reports to, and for which request.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::model::callsite::Callsite;
use crate::model::clock;
use crate::model::request_id::RequestId;
use crate::record::current;
use crate::record::recorder::Recorder;

/// One request in progress, shared by every thread that works for it.
#[derive(Debug)]
pub(crate) struct RequestContext {
    pub(crate) id: RequestId,
    statements: AtomicU32,
    statement_ticks: AtomicU64,
}

impl RequestContext {
    pub(crate) fn new(id: RequestId) -> Self {
        Self {
            id,
            statements: AtomicU32::new(0),
            statement_ticks: AtomicU64::new(0),
        }
    }

    // Relaxed: sums of their own; the request reads them after its work was joined.
    #[inline]
    pub(crate) fn count_statement(&self, ticks: u64) {
        self.statements.fetch_add(1, Relaxed);
        self.statement_ticks.fetch_add(ticks, Relaxed);
    }

    pub(crate) fn statements(&self) -> u32 {
        self.statements.load(Relaxed)
    }

    pub(crate) fn statement_time(&self) -> Duration {
        clock::scale(self.statement_ticks.load(Relaxed))
    }
}

impl RequestId {
    /// Returns the id of the request that this thread works for, if it works for one.
    ///
    /// It does in a handler and what that awaits, in the body of its response, and inside `block`.
    pub fn current() -> Option<Self> {
        current::with_context(|context| context.request.as_ref().map(|request| request.id))
            .flatten()
    }
}

/// The pipeline and the request that work belongs to; a thread has one, and a future carries its own between polls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// `None`: the process's own pipeline, if one was started.
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub(crate) request: Option<Arc<RequestContext>>,
    /// The innermost annotated query around the work, or else the innermost business function.
    pub(crate) function: Cell<Option<&'static Callsite>>,
}

impl Context {
    /// What this thread works for now.
    pub(crate) fn current() -> Self {
        current::with_context(Self::clone).unwrap_or_default()
    }

    /// Runs `work` with this thread working for `self`, and puts back what it worked for before, also after a panic.
    ///
    /// What `work` itself changes in the context is kept in `self`.
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let _restore = Restore(self).swapped();
        work()
    }
}

/// Swaps a context in, and back when it is dropped.
struct Restore<'a>(&'a mut Context);

impl Restore<'_> {
    fn swapped(self) -> Self {
        current::swap_context(self.0);
        self
    }
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        current::swap_context(self.0);
    }
}
