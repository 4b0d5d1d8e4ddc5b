//! The current request in the hands of the application: to carry it to another thread or task, and to leave it out.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;

use crate::model::callsite::Callsite;
use crate::model::client_request_id::ClientRequestId;
use crate::model::request::Request;
use crate::model::request_id::RequestId;
use crate::model::trace_parent::TraceParent;
use crate::record::context::Context;
use crate::record::recorder::Recorder;
use crate::record::span::WorkSpan;

/// The request that some work is for, to be carried to where that work goes on.
///
/// A handler and what it awaits, the body of its response, [`block`](crate::block) and [`spawn`](crate::spawn) have the
/// request by themselves. Threads, other pools and other executors are given it:
///
/// ```
/// use starpunk_metrics::RequestContext;
///
/// # fn sum(numbers: &[u64]) -> u64 { numbers.iter().sum() }
/// let context = RequestContext::current();
/// let thread = std::thread::spawn(move || context.enter(|| sum(&[1, 2, 3])));
/// assert_eq!(thread.join().ok(), Some(6));
/// ```
///
/// Outside of any request it carries what there is: the pipeline, and no request.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    recorder: Option<Arc<Recorder>>,
    request: Option<Arc<Request>>,
    function: Option<&'static Callsite>,
    span: WorkSpan,
}

impl RequestContext {
    /// Returns what this thread works for now.
    pub fn current() -> Self {
        let context = Context::current();
        Self {
            recorder: context.recorder,
            request: context.request,
            function: context.function.get(),
            span: context.span,
        }
    }

    fn context(&self) -> Context {
        Context {
            recorder: self.recorder.clone(),
            request: self.request.clone(),
            function: Cell::new(self.function),
            span: self.span.clone(),
        }
    }

    /// Returns the request's id; `None` outside of a request.
    pub fn id(&self) -> Option<RequestId> {
        self.request.as_ref().map(|request| request.id)
    }

    /// Returns the id that the client sent in `X-Request-ID`, if it sent a valid one.
    pub fn client_request_id(&self) -> Option<&ClientRequestId> {
        self.request.as_ref()?.client.request_id()
    }

    /// Returns the caller's place in its trace, if it sent a valid `traceparent`.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        self.request.as_ref()?.client.trace_parent()
    }

    /// Runs `work` for the request, on any thread. What the thread worked for before comes back, also after a panic.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        self.context().enter(work)
    }

    /// Makes `future` work for the request wherever it is polled, for executors other than actix's.
    pub fn wrap<F: Future>(self, future: F) -> InRequest<F> {
        InRequest {
            future: Some(future),
            context: self.context(),
        }
    }

    /// Leaves the request out of everything that is recorded: no record, no duration, no trace.
    ///
    /// A handler that answers health checks may call it. Statements and functions inside count as ever, for no request.
    pub fn exclude(&self) {
        if let (Some(request), Some(recorder)) = (&self.request, &self.recorder) {
            recorder.exclude(request);
        }
    }
}

pin_project! {
    /// A future that works for a request; made by [`RequestContext::wrap`].
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct InRequest<F> {
        // `None` once it was dropped.
        #[pin]
        future: Option<F>,
        context: Context,
    }

    impl<F> PinnedDrop for InRequest<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What it records while it is dropped, such as a ROLLBACK, is of the request too.
            this.context.enter(|| this.future.set(None));
        }
    }
}

impl<F: Future> Future for InRequest<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            // It is being dropped; nobody can poll it.
            return Poll::Pending;
        };
        this.context.enter(|| future.poll(cx))
    }
}

/// Whoever has it may share it: threads, and the closures of a pool.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<RequestContext>();
};
