//! The response of a request, on its way.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::thread;

use actix_web::Error;
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::error::ErrorInternalServerError;
use actix_web::http::StatusCode;
use pin_project_lite::pin_project;

use crate::instrument::actix::body::{ErrorBody, MeasuredBody};
use crate::instrument::actix::guard::{Head, Holder, RequestGuard};
use crate::instrument::actix::middleware::Settings;
use crate::instrument::actix::{identity, server_timing};
use crate::model::clock::Ticks;
use crate::model::request::Request;
use crate::record::context::Context;

/// What the work of a request runs in.
#[derive(Debug)]
pub(crate) struct Work {
    /// `None` where an outer `HttpMetrics` has it.
    pub(crate) request: Option<Arc<Request>>,
    pub(crate) place: Place,
}

#[derive(Debug)]
pub(crate) enum Place {
    /// It has a record.
    Measured(Holder),
    /// Nothing is recorded of it.
    Unmeasured(Context),
    /// An outer `HttpMetrics` has entered it.
    Outside,
}

impl Place {
    /// Runs what is no part of its time.
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        match self {
            Self::Measured(holder) => holder.enter(work),
            Self::Unmeasured(context) => context.enter(work),
            Self::Outside => work(),
        }
    }

    fn holder(self) -> Option<Holder> {
        match self {
            Self::Measured(holder) => Some(holder),
            Self::Unmeasured(_) | Self::Outside => None,
        }
    }
}

impl Work {
    pub(crate) const OUTSIDE: Self = Self {
        request: None,
        place: Place::Outside,
    };

    /// Runs a part of the work that began at `began`.
    pub(crate) fn poll<R>(&mut self, began: Ticks, work: impl FnOnce() -> R) -> R {
        match &mut self.place {
            Place::Measured(holder) => holder.poll(began, work),
            Place::Unmeasured(context) => context.enter(work),
            Place::Outside => work(),
        }
    }

    /// Whether its statements are counted.
    fn counts(&self) -> bool {
        match &self.place {
            Place::Measured(_) => true,
            Place::Unmeasured(context) => context.recorder.is_some(),
            Place::Outside => false,
        }
    }
}

pin_project! {
    /// The response of a measured request, on its way.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct MeasuredResponse<F, B> {
        #[pin]
        state: State<F>,
        work: Work,
        settings: Arc<Settings>,
        body: PhantomData<B>,
    }

    impl<F, B> PinnedDrop for MeasuredResponse<F, B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What a cancelled handler records while it is dropped, such as a ROLLBACK, is still of this request.
            this.work.place.enter(|| this.state.set(State::Gone));
        }
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    pub(crate) enum State<F> {
        Running { #[pin] future: F },
        /// The call panicked; taken at the first poll.
        Panicked { panic: Option<Panic> },
        Gone,
    }
}

/// What a panic was thrown with.
#[derive(Debug)]
pub(crate) struct Panic(Box<dyn std::any::Any + Send>);

impl<F> From<thread::Result<F>> for State<F> {
    fn from(called: thread::Result<F>) -> Self {
        match called {
            Ok(future) => Self::Running { future },
            Err(panic) => Self::Panicked {
                panic: Some(Panic(panic)),
            },
        }
    }
}

impl<F, B> MeasuredResponse<F, B> {
    pub(crate) fn new(state: State<F>, work: Work, settings: Arc<Settings>) -> Self {
        Self {
            state,
            work,
            settings,
            body: PhantomData,
        }
    }
}

impl<F, B> Future for MeasuredResponse<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<MeasuredBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut state = this.state;
        let polled = match state.as_mut().project() {
            StateProjection::Running { future } => this.work.poll(Ticks::now(), || {
                catch_unwind(AssertUnwindSafe(|| future.poll(cx))).map_err(Panic)
            }),
            StateProjection::Panicked { panic } => match panic.take() {
                Some(panic) => Err(panic),
                None => return Poll::Pending,
            },
            // It is being dropped; nobody can poll it.
            StateProjection::Gone => return Poll::Pending,
        };
        if let Ok(Poll::Pending) = polled {
            if let Place::Measured(holder) = &this.work.place {
                holder.with(RequestGuard::waits);
            }
            return Poll::Pending;
        }
        // What is left of it is still of the request; and if that panics, so did the handler.
        let gone = catch_unwind(AssertUnwindSafe(|| {
            this.work.place.enter(|| state.set(State::Gone));
        }));
        let polled = match gone {
            Ok(()) => polled,
            Err(panic) => Err(Panic(panic)),
        };
        // Nothing but the response has it from now on.
        let work = std::mem::replace(this.work, Work::OUTSIDE);
        Poll::Ready(match polled {
            Ok(Poll::Ready(Ok(response))) => Ok(finish(response, work, this.settings)),
            Ok(Poll::Ready(Err(error))) => Err(finish_error(error, work, this.settings)),
            Err(panic) => Err(finish_panic(panic, work, this.settings)),
            Ok(Poll::Pending) => return Poll::Pending,
        })
    }
}

fn finish<B: MessageBody>(
    mut response: ServiceResponse<B>,
    work: Work,
    settings: &Settings,
) -> ServiceResponse<MeasuredBody<B>> {
    if let Some(request) = &work.request {
        identity::sign(response.headers_mut(), request);
        let counts = work.counts();
        server_timing::tell(response.headers_mut(), request, settings, counts);
    }
    if let Place::Measured(holder) = &work.place {
        holder.with(|guard| {
            guard.responded(Head::of(response.response().head()));
            let route = response.request().match_pattern();
            if settings.exclusions().names(route.as_deref()) {
                guard.exclude();
            }
            guard.routed(route.as_deref());
        });
    }
    response.map_body(|_, body| MeasuredBody::new(body, work.place))
}

/// Finishes an error when its response is made, which may be by an outer middleware or by actix, and more than once.
///
/// The response is not made here: an error may have just one to give.
fn finish_error(mut error: Error, work: Work, settings: &Arc<Settings>) -> Error {
    let counts = work.counts();
    let Work { request, place } = work;
    let Some(request) = request else {
        return error;
    };
    let holder = place.holder();
    if let Some(holder) = &holder {
        // What holds if nobody ever asks for the response. Asking for the status may panic: an error that has its own response
        // need not have one.
        let status = catch_unwind(AssertUnwindSafe(|| error.as_response_error().status_code()))
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        holder.with(|guard| guard.failed(status));
    }
    let settings = Arc::clone(settings);
    error.add_response_mapper(move |mut response: HttpResponse| {
        identity::sign(response.headers_mut(), &request);
        server_timing::tell(response.headers_mut(), &request, &settings, counts);
        let Some(holder) = holder.clone() else {
            return response;
        };
        holder.with(|guard| guard.answered(response.status()));
        response.map_body(|head, body| BoxBody::new(ErrorBody::new(body, Head::of(head), holder)))
    });
    error
}

fn finish_panic(panic: Panic, work: Work, settings: &Arc<Settings>) -> Error {
    if let Place::Measured(holder) = &work.place {
        holder.with(RequestGuard::panicked);
    }
    if matches!(work.place, Place::Outside) || !settings.catches_panics() {
        // Ends the record first, or leaves that to the outer one.
        drop(work);
        resume_unwind(panic.0);
    }
    let error = ErrorInternalServerError("Internal Server Error");
    finish_error(error, work, settings)
}
