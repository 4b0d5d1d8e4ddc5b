//! The middleware: what it is set to do, and how each request enters it.

use std::cell::Cell;
use std::fmt;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};

use crate::error;
use crate::instrument::actix::body::MeasuredBody;
use crate::instrument::actix::exclusions::Exclusions;
use crate::instrument::actix::guard::RequestGuard;
use crate::instrument::actix::place::{Own, Place};
use crate::instrument::actix::response::{MeasuredResponse, State};
use crate::instrument::actix::routes::{Path, Routes};
use crate::instrument::actix::trust::TrustedPeers;
use crate::instrument::actix::{identity, payload};
use crate::model::clock::Ticks;
use crate::model::request::Request;
use crate::record::context::Context;
use crate::record::current;
use crate::record::recorder::Recorder;
use crate::record::span::WorkSpan;

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
/// A record has the time until the head and until the last byte, the time in polls, the bytes read and written, status, method,
/// route pattern, and how it ended ([`RequestOutcome`](crate::RequestOutcome)). It is forced when the server failed, when the
/// request was slow, or when it was dropped before its end. The response is what it would be without, but for the header.
///
/// What actix answers before it calls the App (a malformed head, a head too large or too slow) passes no middleware:
/// it has no id and no record.
///
/// # Where it stands
///
/// Outside of `Compress` the bytes are those on the wire; inside they are those before. It may stand around a `Scope` or a
/// `Resource`, and under `Condition`; where a request meets it twice the outer one has it.
///
/// # The client's own ids
///
/// The id is always made here. A client's `X-Request-ID` of 1 to 128 bytes of `[A-Za-z0-9._~:@+/=-]` is kept beside it, as
/// `client_request_id`; any other is counted as `Snapshot::request_ids_refused`, and forgotten. So is a W3C `traceparent` kept.
/// A browser shows the header to scripts of another origin only where CORS exposes it: `expose_headers(["x-request-id"])`. A
/// cache that keeps responses keeps the id of the request that filled it.
#[derive(Clone, Debug, Default)]
pub struct HttpMetrics {
    settings: Arc<Settings>,
}

/// What is the same for all workers.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The scoped pipeline in which it was made; `None` for the process's own.
    recorder: Option<Arc<Recorder>>,
    catches_panics: bool,
    server_timing: bool,
    trusted: TrustedPeers,
    exclusions: Exclusions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            recorder: None,
            catches_panics: true,
            server_timing: false,
            trusted: TrustedPeers::default(),
            exclusions: Exclusions::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl Settings {
    pub(crate) fn catches_panics(&self) -> bool {
        self.catches_panics
    }

    pub(crate) fn exclusions(&self) -> &Exclusions {
        &self.exclusions
    }

    pub(crate) fn server_timing(&self) -> bool {
        self.server_timing
    }
}

impl HttpMetrics {
    /// Reports to the process's own pipeline; made inside `Metrics::enter`, to that one.
    pub fn new() -> Self {
        let entered = current::with_context(|context| context.recorder.clone());
        Self::default().with(|settings| settings.recorder = entered.flatten())
    }

    /// Sets whether a panic is answered with a 500 that has the request's id; it is unless this says no.
    ///
    /// Where it is not, actix closes the connection without an answer, and the record is the same. Built with
    /// `panic = "abort"` there is nothing to catch. The answer is made here, so it passes none of the inner middlewares, such as
    /// `DefaultHeaders`.
    #[must_use]
    pub fn catch_panics(self, catch: bool) -> Self {
        self.with(|settings| settings.catches_panics = catch)
    }

    /// Takes the request's id from these peers, if they send a valid one: addresses, or networks in CIDR notation.
    ///
    /// Name the proxies that set `X-Request-ID` and let none through. The peer is whoever opened the connection, whatever
    /// `X-Forwarded-For` says; one on a Unix socket has no address and is not trusted. An id that is a UUID is the
    /// [`RequestId`](crate::RequestId) as it is; for any other that is made from it, and `"the-id".parse::<RequestId>()` finds it again.
    /// Requests that were given the same id share it, and what they do at the same time.
    ///
    /// ```
    /// use starpunk_metrics::HttpMetrics;
    ///
    /// let http = HttpMetrics::new().trust_request_id_from(["10.0.0.0/8", "::1"])?;
    /// # Ok::<(), starpunk_metrics::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidNetwork`](crate::Error::InvalidNetwork) for what is neither an address nor a network.
    pub fn trust_request_id_from(
        self,
        cidrs: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, error::Error> {
        let trusted = TrustedPeers::parse(cidrs)?;
        Ok(self.with(|settings| settings.trusted = trusted))
    }

    /// Sets whether responses say in `Server-Timing` what they took: `total`, and `db` with the number of statements.
    ///
    /// The tools of a browser show it. It is added to what the application says there itself, and it speaks of the time until
    /// the head of the response; the time of statements is a sum over all threads. Anybody who can ask can read it, so it is off unless this says otherwise.
    #[must_use]
    pub fn server_timing(self, told: bool) -> Self {
        self.with(|settings| settings.server_timing = told)
    }

    /// Leaves requests of this route out: they have an id, and no record, duration or trace. Statements and functions inside
    /// count as ever, for no request.
    ///
    /// ```
    /// use starpunk_metrics::HttpMetrics;
    ///
    /// let http = HttpMetrics::new().exclude("/health").exclude("/assets/{name}");
    /// # let _ = http;
    /// ```
    ///
    /// `pattern` is the whole pattern as actix knows it, with the prefix of its scope; a resource of several patterns has the
    /// first of them. Where several routes share a path, the one that the path alone would choose counts until one has answered.
    ///
    /// # Panics
    ///
    /// Where actix would panic for a route of that pattern, as for an unclosed brace.
    #[must_use]
    pub fn exclude(self, pattern: &str) -> Self {
        self.with(|settings| settings.exclusions.add_pattern(pattern))
    }

    /// Leaves requests out as [`HttpMetrics::exclude`] does, where `is_excluded` says so.
    ///
    /// It is asked before routing, once for each request.
    ///
    /// ```
    /// use starpunk_metrics::HttpMetrics;
    ///
    /// let http = HttpMetrics::new().exclude_if(|request| request.headers().contains_key("x-probe"));
    /// # let _ = http;
    /// ```
    #[must_use]
    pub fn exclude_if(
        self,
        is_excluded: impl Fn(&ServiceRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.exclusions.add_predicate(Arc::new(is_excluded)))
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
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
            // One for each worker: each request counts itself among those that have it.
            settings: Rc::new(Settings::clone(&self.settings)),
            routes: Rc::default(),
        }))
    }
}

/// [`HttpMetrics`] around the service of one worker.
#[derive(Debug)]
pub struct HttpMetricsService<S> {
    service: S,
    settings: Rc<Settings>,
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
        let start = Ticks::now();
        let mut place = self.place(start, &mut request);
        // A panic in the call itself is as one in the future that it returns.
        let called = place.poll(start, || {
            catch_unwind(AssertUnwindSafe(|| self.service.call(request)))
        });
        MeasuredResponse::new(State::from(called), place, Rc::clone(&self.settings))
    }
}

impl<S> HttpMetricsService<S> {
    /// What the request's work runs in, and its record if it is to have one.
    fn place(&self, start: Ticks, service_request: &mut ServiceRequest) -> Place {
        // Wrapped twice, the outer one has it.
        let address = std::ptr::from_ref(service_request.head()).addr();
        let around = current::with_context(|context| {
            let request = context.request.as_ref();
            let is_same = request.is_some_and(|request| request.is_at(address));
            (is_same, context.recorder.clone())
        });
        let (is_same, entered) = around.unwrap_or_default();
        if is_same {
            return Place::Outside;
        }
        // A thread that has entered a pipeline reports there, whatever the App was made for: a test asks on its own thread.
        let settings = &self.settings;
        let recorder = entered
            .or_else(|| settings.recorder.clone())
            .or_else(current::recorder);
        let gauges = recorder.as_ref().map(|recorder| &*recorder.gauges);
        let request = identity::request(start, service_request, &settings.trusted, gauges);
        let request = request.at(address);
        self.routes.learn(service_request.resource_map());
        if settings.exclusions.exclude(service_request) {
            request.exclude();
        }
        match recorder {
            Some(recorder) if !request.is_excluded() => {
                let guard = |request: &Arc<Request>| {
                    payload::count(service_request, request);
                    // Nothing of the request is held across the call: routing takes it for its own.
                    let path = Path::of(service_request.uri());
                    let routes = Rc::clone(&self.routes);
                    let method = service_request.method();
                    RequestGuard::new(recorder, Arc::clone(request), routes, method, path)
                };
                Place::Measured(Own::new(request, guard))
            }
            recorder => Place::Unmeasured(Own::new(request, |request| Context {
                recorder,
                request: Some(Arc::clone(request)),
                function: Cell::default(),
                span: WorkSpan::current(),
            })),
        }
    }
}
