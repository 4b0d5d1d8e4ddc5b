//! What flows with the work: which pipeline it reports to, and for which request.

use std::cell::Cell;
use std::mem;
use std::sync::Arc;

use crate::model::callsite::Callsite;
use crate::model::request::Request;
use crate::model::request_id::RequestId;
use crate::record::current;
use crate::record::recorder::Recorder;
use crate::record::span::WorkSpan;

impl RequestId {
    /// Returns the id of the request that this thread works for, if it works for one.
    ///
    /// It does in a handler and what that awaits, in the body of its response, and wherever [`RequestContext`] carried it.
    ///
    /// [`RequestContext`]: crate::RequestContext
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
    pub(crate) request: Option<Arc<Request>>,
    /// The innermost annotated query around the work, or else the innermost business function.
    pub(crate) function: Cell<Option<&'static Callsite>>,
    pub(crate) span: WorkSpan,
}

impl Context {
    /// What this thread works for now.
    pub(crate) fn current() -> Self {
        let mut current = current::with_context(Self::clone).unwrap_or_default();
        current.function.set(current::function());
        current.span = WorkSpan::current();
        current
    }

    /// The work of nobody: what a thread begins with.
    pub(crate) const fn none() -> Self {
        Self {
            recorder: None,
            request: None,
            function: Cell::new(None),
            span: WorkSpan::NONE,
        }
    }

    /// Runs `work` with this thread working for `self`, and puts back what it worked for before, also after a panic.
    ///
    /// What `work` itself changes in the context is kept in `self`.
    #[inline]
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let span = mem::take(&mut self.span);
        let restore = Restore::swapped(self, span);
        restore.span.enter(work)
    }
}

/// Swaps a context in, and back when it is dropped.
struct Restore<'a> {
    context: &'a mut Context,
    /// That of the context which is swapped in.
    span: WorkSpan,
}

impl<'a> Restore<'a> {
    #[inline]
    fn swapped(context: &'a mut Context, span: WorkSpan) -> Self {
        current::swap_context(context);
        Self { context, span }
    }
}

impl Drop for Restore<'_> {
    #[inline]
    fn drop(&mut self) {
        current::swap_context(self.context);
        self.context.span = mem::take(&mut self.span);
    }
}
