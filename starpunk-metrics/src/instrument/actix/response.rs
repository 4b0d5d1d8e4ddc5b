//! The response of a request, on its way.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::thread;

use actix_web::Error;
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::error::ErrorInternalServerError;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use pin_project_lite::pin_project;

use crate::instrument::actix::body::{ErrorBody, MeasuredBody};
use crate::instrument::actix::guard::{Head, RequestGuard};
use crate::instrument::actix::middleware::Settings;
use crate::instrument::actix::place::Place;
use crate::instrument::actix::{identity, server_timing};
use crate::model::clock::Ticks;
use crate::model::request::Request;

pin_project! {
    /// The response of a measured request, on its way.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct MeasuredResponse<F, B> {
        #[pin]
        state: State<F>,
        place: Place,
        settings: Rc<Settings>,
        body: PhantomData<B>,
    }

    impl<F, B> PinnedDrop for MeasuredResponse<F, B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What a cancelled handler records while it is dropped, such as a ROLLBACK, is still of this request.
            if !matches!(*this.state, State::Gone) {
                this.place.enter(|| this.state.set(State::Gone));
            }
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
    pub(crate) fn new(state: State<F>, place: Place, settings: Rc<Settings>) -> Self {
        Self {
            state,
            place,
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
        // Written here and not handed on: it is large.
        let mut polled = Poll::Pending;
        let caught = match state.as_mut().project() {
            StateProjection::Running { .. } => this.place.poll(Ticks::now(), || {
                catch_unwind(AssertUnwindSafe(|| {
                    polled = poll_once(state.as_mut(), cx);
                }))
            }),
            StateProjection::Panicked { panic } => match panic.take() {
                Some(Panic(panic)) => Err(panic),
                None => return Poll::Pending,
            },
            // It is being dropped; nobody can poll it.
            StateProjection::Gone => return Poll::Pending,
        };
        if let Err(panic) = caught {
            // Another panic, while what is left is dropped, tells nothing new.
            drop(catch_unwind(AssertUnwindSafe(|| {
                this.place.enter(|| state.set(State::Gone));
            })));
            let place = std::mem::replace(this.place, Place::Outside);
            return Poll::Ready(Err(finish_panic(Panic(panic), place, this.settings)));
        }
        if let Poll::Ready(Ok(response)) = &mut polled {
            finish(response, this.place, this.settings);
        }
        match polled {
            Poll::Pending => {
                this.place.with(RequestGuard::waits);
                Poll::Pending
            }
            Poll::Ready(Ok(response)) => {
                // Nothing but the response has it from now on.
                let place = std::mem::replace(this.place, Place::Outside);
                Poll::Ready(Ok(
                    response.map_body(|_, body| MeasuredBody::new(body, place))
                ))
            }
            Poll::Ready(Err(error)) => {
                let place = std::mem::replace(this.place, Place::Outside);
                Poll::Ready(Err(finish_error(error, place, this.settings)))
            }
        }
    }
}

/// Polls the future, and drops what is left of it once it is done: that is of the request too, and if it panics, so did the
/// handler.
fn poll_once<F: Future>(
    mut state: Pin<&mut State<F>>,
    cx: &mut TaskContext<'_>,
) -> Poll<F::Output> {
    let StateProjection::Running { future } = state.as_mut().project() else {
        return Poll::Pending;
    };
    let polled = future.poll(cx);
    if polled.is_ready() {
        state.set(State::Gone);
    }
    polled
}

fn finish<B>(response: &mut ServiceResponse<B>, place: &mut Place, settings: &Settings) {
    let counts = place.counts();
    match place {
        Place::Measured(own) => {
            if let Some(guard) = own.get() {
                sign(response.headers_mut(), guard.request(), settings, counts);
                guard.responded(Head::of(response.response().head()));
                let route = response.request().match_pattern();
                if settings.exclusions().names(route.as_deref()) {
                    guard.exclude();
                }
                guard.routed(route.as_deref());
            }
        }
        Place::Unmeasured(own) => {
            if let Some(request) = own.request() {
                sign(response.headers_mut(), request, settings, counts);
            }
        }
        // None is shared before its first response.
        Place::Shared(_) | Place::Outside => {}
    }
}

/// Puts on a response what is told of its request.
fn sign(headers: &mut HeaderMap, request: &Request, settings: &Settings, counts: bool) {
    identity::sign(headers, request);
    server_timing::tell(headers, request, settings, counts);
}

/// Finishes an error when its response is made, which may be by an outer middleware or by actix, and more than once.
///
/// The response is not made here: an error may have just one to give.
fn finish_error(mut error: Error, mut place: Place, settings: &Rc<Settings>) -> Error {
    let counts = place.counts();
    let (request, shared) = match place {
        Place::Measured(mut own) => {
            // What holds if nobody ever asks for the response. Asking for the status may panic: an error that has its own response
            // need not have one.
            let status = catch_unwind(AssertUnwindSafe(|| error.as_response_error().status_code()))
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let request = own.get().map(|guard| {
                guard.failed(status);
                Arc::clone(guard.request())
            });
            (request, own.share())
        }
        Place::Unmeasured(own) => (own.request().map(Arc::clone), None),
        Place::Shared(_) | Place::Outside => (None, None),
    };
    let Some(request) = request else {
        return error;
    };
    let settings = Rc::clone(settings);
    error.add_response_mapper(move |mut response: HttpResponse| {
        sign(response.headers_mut(), &request, &settings, counts);
        let Some(shared) = shared.clone() else {
            return response;
        };
        if let Some(mut guard) = shared.guard() {
            guard.answered(response.status());
        }
        response.map_body(|head, body| BoxBody::new(ErrorBody::new(body, Head::of(head), shared)))
    });
    error
}

fn finish_panic(panic: Panic, mut place: Place, settings: &Rc<Settings>) -> Error {
    place.with(RequestGuard::panicked);
    if matches!(place, Place::Outside) || !settings.catches_panics() {
        // Ends the record first, or leaves that to the outer one.
        drop(place);
        resume_unwind(panic.0);
    }
    let error = ErrorInternalServerError("Internal Server Error");
    finish_error(error, place, settings)
}
