//! The middleware: gives each request its id, its context and its record, and puts the id on the response.

use std::cell::{Cell, RefCell};
use std::future::{Future, Ready, ready};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{Error, HttpMessage};
use pin_project_lite::pin_project;

use crate::instrument::actix::body::MeasuredBody;
use crate::instrument::actix::guard::RequestGuard;
use crate::instrument::actix::payload;
use crate::instrument::actix::routes::Routes;
use crate::model::request_id::RequestId;
use crate::record::context::{Context, RequestContext};
use crate::record::current;
use crate::record::recorder::Recorder;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware for an App: one record for each request, `X-Request-ID` on each response.
///
/// Wrap it last, so that it is the outermost: it then sees what every other middleware does.
///
/// ```
/// use actix_web::{App, HttpResponse, web};
/// use starpunk_metrics::HttpMetrics;
///
/// let app = App::new()
///     .route("/", web::get().to(|| async { HttpResponse::Ok() }))
///     .wrap(HttpMetrics::new());
/// # let _ = app;
/// ```
///
/// A record has the time until the last byte, the bytes read and written, status, method and route pattern. It is
/// forced when the status is 5xx, when the request was slow, panicked, or was dropped before its end. A panic is
/// answered with a 500 and the worker lives on; with `panic = "abort"` it cannot be.
///
/// What actix answers before it calls the App (a malformed head, a head too large or too slow) passes no middleware:
/// it has no id and no record.
#[derive(Clone, Debug, Default)]
pub struct HttpMetrics {
    /// The scoped pipeline in which it was made; `None` for the process's own.
    recorder: Option<Arc<Recorder>>,
}

impl HttpMetrics {
    /// Reports to the process's own pipeline; made inside `Metrics::enter`, to that one.
    pub fn new() -> Self {
        let entered = current::with_context(|context| context.recorder.clone());
        Self {
            recorder: entered.flatten(),
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for HttpMetrics
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<MeasuredBody<B>>;
    type Error = Error;
    type Transform = HttpMetricsService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(HttpMetricsService {
            service,
            recorder: self.recorder.clone(),
            routes: Rc::default(),
        }))
    }
}

/// [`HttpMetrics`] around the service of one worker.
#[derive(Debug)]
pub struct HttpMetricsService<S> {
    service: S,
    recorder: Option<Arc<Recorder>>,
    routes: Rc<Routes>,
}

impl<S, B> Service<ServiceRequest> for HttpMetricsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<MeasuredBody<B>>;
    type Error = Error;
    type Future = MeasuredResponse<S::Future, B>;

    fn poll_ready(&self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        // Wrapped twice, the outer one has it.
        if request.extensions().contains::<RequestId>() {
            return self.call_in(Context::current(), request);
        }
        let id = RequestId::random();
        request.extensions_mut().insert(id);
        // A thread that has entered a pipeline reports there, whatever the App was made for: a test asks on its own thread.
        let entered = current::with_context(|context| context.recorder.clone()).flatten();
        let recorder = entered
            .or_else(|| self.recorder.clone())
            .or_else(current::recorder);
        let request_context = Arc::new(RequestContext::new(id));
        let context = Context {
            recorder: recorder.clone(),
            request: Some(Arc::clone(&request_context)),
            function: Cell::default(),
        };
        let Some(recorder) = recorder else {
            return self.call_in(context, request).with_id(id);
        };
        self.routes.learn(request.resource_map());
        // Nothing of the request is held across the call: routing takes it for its own.
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let routes = Rc::clone(&self.routes);
        let guard = RequestGuard::new(recorder, request_context, routes, &method, uri);
        payload::count(&mut request, guard.request_bytes());
        self.call_in(context, request).with_id(id).with_guard(guard)
    }
}

impl<S> HttpMetricsService<S> {
    /// Calls the service inside; a panic in the call itself is as one in the future that it returns.
    fn call_in<B>(
        &self,
        mut context: Context,
        request: ServiceRequest,
    ) -> MeasuredResponse<S::Future, B>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    {
        let called =
            context.enter(|| catch_unwind(AssertUnwindSafe(|| self.service.call(request))));
        MeasuredResponse {
            state: called.map_or(State::Panicked, |future| State::Running { future }),
            id: None,
            guard: None,
            context,
            body: PhantomData,
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
        // `None` where an outer `HttpMetrics` has given the id.
        id: Option<RequestId>,
        // `None` where nothing is measured.
        guard: Option<RequestGuard>,
        context: Context,
        body: PhantomData<B>,
    }

    impl<F, B> PinnedDrop for MeasuredResponse<F, B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What a cancelled handler records while it is dropped, such as a ROLLBACK, is still of this request.
            this.context.enter(|| this.state.set(State::Panicked));
        }
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Running { #[pin] future: F },
        // Nor is there a future any more where it was dropped.
        Panicked,
    }
}

impl<F, B> MeasuredResponse<F, B> {
    fn with_id(mut self, id: RequestId) -> Self {
        self.id = Some(id);
        self
    }

    fn with_guard(mut self, guard: RequestGuard) -> Self {
        self.guard = Some(guard);
        self
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
        let polled = match this.state.project() {
            StateProjection::Panicked => None,
            StateProjection::Running { future } => this
                .context
                .enter(|| catch_unwind(AssertUnwindSafe(|| future.poll(cx))).ok()),
        };
        Poll::Ready(match polled {
            Some(Poll::Pending) => return Poll::Pending,
            Some(Poll::Ready(Ok(response))) => Ok(finish(response, *this.id, this.guard.take())),
            Some(Poll::Ready(Err(error))) => Err(finish_error(error, *this.id, this.guard.take())),
            None => {
                if let Some(guard) = this.guard {
                    guard.panicked();
                }
                let error = ErrorInternalServerError("Internal Server Error");
                Err(finish_error(error, *this.id, this.guard.take()))
            }
        })
    }
}

fn finish<B: MessageBody>(
    mut response: ServiceResponse<B>,
    id: Option<RequestId>,
    mut guard: Option<RequestGuard>,
) -> ServiceResponse<MeasuredBody<B>> {
    if let Some(guard) = &mut guard {
        guard.routed(response.request().match_pattern().as_deref());
        guard.responded(response.status());
    }
    insert_id(response.headers_mut(), id);
    response.map_body(|_, body| MeasuredBody::new(body, guard))
}

/// Finishes an error when its response is made, which may be by an outer middleware or by actix.
///
/// The response is not made here: an error may have just one to give.
fn finish_error(mut error: Error, id: Option<RequestId>, guard: Option<RequestGuard>) -> Error {
    let guard = guard.map(|mut guard| {
        // What holds if nobody ever asks for the response.
        guard.failed(error.as_response_error().status_code());
        guard
    });
    let guard = RefCell::new(guard);
    error.add_response_mapper(move |mut response| {
        insert_id(response.headers_mut(), id);
        let Some(mut guard) = guard.borrow_mut().take() else {
            return response;
        };
        guard.responded(response.status());
        response.map_body(|_, body| BoxBody::new(MeasuredBody::new(body, Some(guard))))
    });
    error
}

fn insert_id(headers: &mut HeaderMap, id: Option<RequestId>) {
    let Some(id) = id else { return };
    let mut buffer = [0; 36];
    if let Ok(value) = HeaderValue::from_str(id.encode(&mut buffer)) {
        headers.insert(X_REQUEST_ID.clone(), value);
    }
}
