//! The one record of a request, from its arrival until nothing can happen to it any more.
//!
//! It moves from the middleware's future into the response's body. Whatever drops it ends the request; what it was told
//! until then decides the outcome.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::{Method, StatusCode, Uri};

use crate::instrument::actix::classify::class_of_status;
use crate::instrument::actix::routes::{Routes, method_label};
use crate::model::clock::Ticks;
use crate::model::event::{Event, Request};
use crate::model::histogram::nanos;
use crate::model::operation::Outcome;
use crate::record::context::{Context, RequestContext};
use crate::record::current;
use crate::record::recorder::Recorder;

#[derive(Debug)]
pub(crate) struct RequestGuard {
    recorder: Arc<Recorder>,
    request: Arc<RequestContext>,
    routes: Rc<Routes>,
    method: &'static str,
    is_head: bool,
    uri: Uri,
    /// Known once a resource has answered.
    route: Option<u32>,
    start: Ticks,
    head: Option<Ticks>,
    status: Option<StatusCode>,
    request_bytes: Rc<Cell<u64>>,
    response_bytes: u64,
    /// What it is if it ends now.
    outcome: Outcome,
    has_panicked: bool,
}

impl RequestGuard {
    pub(crate) fn new(
        recorder: Arc<Recorder>,
        request: Arc<RequestContext>,
        routes: Rc<Routes>,
        method: &Method,
        uri: Uri,
    ) -> Self {
        recorder.gauges.request_started();
        Self {
            recorder,
            request,
            routes,
            method: method_label(method),
            is_head: method == Method::HEAD,
            uri,
            route: None,
            start: Ticks::now(),
            head: None,
            status: None,
            request_bytes: Rc::default(),
            response_bytes: 0,
            outcome: Outcome::Cancelled,
            has_panicked: false,
        }
    }

    /// What work for this request runs in.
    pub(crate) fn context(&self) -> Context {
        Context {
            recorder: Some(Arc::clone(&self.recorder)),
            request: Some(Arc::clone(&self.request)),
            function: Cell::default(),
        }
    }

    /// Where the bytes that are read of the request's body are counted.
    pub(crate) fn request_bytes(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.request_bytes)
    }

    /// A HEAD request's body is made, but never written.
    pub(crate) fn is_head(&self) -> bool {
        self.is_head
    }

    /// The route as routing found it: several resources may match a path, and their guards decide.
    pub(crate) fn routed(&mut self, pattern: Option<&str>) {
        let number = self.routes.number(&self.recorder, self.method, pattern);
        self.route = Some(number);
    }

    /// The head of the response is ready.
    pub(crate) fn responded(&mut self, status: StatusCode) {
        self.head = Some(Ticks::now());
        self.status = Some(status);
    }

    /// An inner service returned an error that has this status, unless its response says otherwise.
    pub(crate) fn failed(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.outcome = self.outcome_of(status);
    }

    /// The handler panicked: whatever status is sent, that is the outcome.
    pub(crate) fn panicked(&mut self) {
        self.has_panicked = true;
    }

    /// So many bytes of the body went out.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        if !self.is_head {
            self.response_bytes += bytes as u64;
        }
    }

    pub(crate) fn response_bytes(&self) -> u64 {
        self.response_bytes
    }

    /// The last byte went out.
    pub(crate) fn completed(&mut self) {
        self.outcome = self
            .status
            .map_or(Outcome::Ok, |status| self.outcome_of(status));
    }

    fn outcome_of(&self, status: StatusCode) -> Outcome {
        if self.has_panicked {
            Outcome::Panic
        } else {
            class_of_status(status).map_or(Outcome::Ok, Outcome::Error)
        }
    }

    /// What it is if it ends now.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// It ends as this, if it ends now.
    pub(crate) fn set_outcome(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let route = self.route.unwrap_or_else(|| {
            let pattern = self.routes.pattern_of(&self.uri);
            let pattern = pattern.as_deref();
            self.routes.number(&self.recorder, self.method, pattern)
        });
        let event = Event::Request(Box::new(Request {
            route,
            id: self.request.id,
            start: self.start,
            head: self.head,
            end: Ticks::now(),
            status: self.status.map(|status| status.as_u16()),
            request_bytes: self.request_bytes.get(),
            response_bytes: self.response_bytes,
            statements: self.request.statements(),
            statement_nanos: nanos(self.request.statement_time()),
            outcome: self.outcome,
        }));
        // Whoever drops it may work for something else.
        self.context()
            .enter(|| current::with_current(|current| current.post(event)));
        // Last: whoever sees that no request is in flight finds all their records.
        self.recorder.gauges.request_ended();
    }
}
