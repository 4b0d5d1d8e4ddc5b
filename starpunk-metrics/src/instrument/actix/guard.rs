//! The one record of a request, from its arrival until nothing can happen to it any more.
//!
//! It moves from the middleware's future into the response's body. Whatever drops it ends the request; what it was told
//! until then decides the outcome.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::BodySize;
use actix_web::dev::ResponseHead;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::http::{Method, StatusCode};

use crate::instrument::actix::routes::{MethodLabel, Path, Route, Routes};
use crate::model::clock::Ticks;
use crate::model::ended_request::{RequestEnd, RequestPolls};
use crate::model::request::Request;
use crate::model::request_outcome::RequestOutcome;
use crate::model::wide_event::WideEvent;
use crate::record::context::Context;
use crate::record::current;
use crate::record::recorder::Recorder;
use crate::record::span::WorkSpan;

#[derive(Debug)]
pub(crate) struct RequestGuard {
    recorder: Arc<Recorder>,
    request: Arc<Request>,
    /// What its work runs in. The work may leave another one there, so nothing is asked of it.
    context: Context,
    routes: Rc<Routes>,
    method: MethodLabel,
    is_head: bool,
    path: Path,
    /// The number of its route, once a resource has answered.
    route: Option<u32>,
    /// Whose gauge it is in, once it has waited for something: before it is routed that is a guess.
    entered: Option<Route>,
    polls: RequestPolls,
    /// When the latest poll ended.
    latest: Ticks,
    head: Option<Ticks>,
    status: Option<StatusCode>,
    /// Of an error, whether a response was made.
    has_answer: bool,
    /// When the last byte went out.
    whole: Option<Ticks>,
    response_bytes: u64,
    is_event_stream: bool,
    has_panicked: bool,
    has_broken_body: bool,
}

impl RequestGuard {
    #[inline]
    pub(crate) fn new(
        recorder: Arc<Recorder>,
        request: Arc<Request>,
        routes: Rc<Routes>,
        method: &Method,
        path: Path,
    ) -> Self {
        recorder.gauges.request_started();
        Self {
            context: Context {
                span: WorkSpan::of_request(&request, || routes.guess(&path)),
                recorder: Some(Arc::clone(&recorder)),
                request: Some(Arc::clone(&request)),
                function: Cell::default(),
            },
            recorder,
            request,
            routes,
            method: MethodLabel::of(method),
            is_head: method == Method::HEAD,
            path,
            route: None,
            entered: None,
            polls: RequestPolls::NONE,
            latest: Ticks::ZERO,
            head: None,
            status: None,
            has_answer: false,
            whole: None,
            response_bytes: 0,
            is_event_stream: false,
            has_panicked: false,
            has_broken_body: false,
        }
    }

    /// Runs a part of its work that began at `began`, with this thread working for it.
    pub(crate) fn poll<R>(&mut self, began: Ticks, work: impl FnOnce() -> R) -> R {
        let done = self.enter(work);
        self.latest = Ticks::now();
        self.polls.add(began, self.latest);
        done
    }

    /// Runs what is no part of its time, with this thread working for it.
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        self.context.enter(work)
    }

    pub(crate) fn request(&self) -> &Arc<Request> {
        &self.request
    }

    /// It waits for something, so others can see that it is under way. Its route is as yet what its path says.
    pub(crate) fn waits(&mut self) {
        if self.is_left_out() {
            return self.leave_route();
        }
        let is_there = match (&self.entered, self.route) {
            (Some(entered), Some(number)) => entered.number == number,
            (Some(_guess), None) => true,
            (None, _) => false,
        };
        if is_there {
            return;
        }
        let route = match self.route {
            Some(number) => Route {
                number,
                name: self.recorder.names.routes.get(number),
            },
            None => {
                let pattern = self.routes.guess(&self.path);
                self.find(pattern.as_deref(), Route::clone)
            }
        };
        self.context.span.routed(&route.name.route);
        route.name.request_entered();
        if let Some(left) = self.entered.replace(route) {
            left.name.request_left();
        }
    }

    /// The route as routing found it: several resources may match a path, and their guards decide.
    pub(crate) fn routed(&mut self, pattern: Option<&str>) {
        if self.is_left_out() {
            return self.leave_route();
        }
        let span = &mut self.context.span;
        let number = self
            .routes
            .find(&self.recorder, self.method, pattern, |route| {
                span.routed(&route.name.route);
                route.number
            });
        self.route = Some(number);
    }

    fn find<R>(&self, pattern: Option<&str>, look: impl FnOnce(&Route) -> R) -> R {
        self.routes.find(&self.recorder, self.method, pattern, look)
    }

    /// Leaves it out, now that its route is known.
    pub(crate) fn exclude(&self) {
        self.recorder.exclude(&self.request);
    }

    fn is_left_out(&self) -> bool {
        self.request.is_excluded()
    }

    /// It is not under way anywhere any more.
    fn leave_route(&mut self) {
        if let Some(left) = self.entered.take() {
            left.name.request_left();
        }
    }

    /// The head of the response was ready with the latest poll.
    pub(crate) fn responded(&mut self, head: Head) {
        self.head = Some(self.latest);
        self.whole = None;
        self.response_bytes = 0;
        self.status = Some(head.status);
        // Of a HEAD request nobody listens to anything.
        self.is_event_stream = head.is_event_stream && !self.is_head;
    }

    /// An inner service returned an error that has this status, unless its response says otherwise.
    pub(crate) fn failed(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.whole = Some(self.latest);
    }

    /// A response was made of that error, which tells its status better. An error may have just one to give: the first.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        if !self.has_answer {
            self.has_answer = true;
            self.status = Some(status);
        }
    }

    /// Something of it panicked: whatever status is sent, that is the outcome.
    pub(crate) fn panicked(&mut self) {
        self.has_panicked = true;
    }

    /// The body of the response failed.
    pub(crate) fn broke_off(&mut self) {
        self.has_broken_body = true;
    }

    /// So many bytes of a body of this size went out. actix cuts off what is more than that.
    pub(crate) fn wrote(&mut self, bytes: usize, size: BodySize) {
        if self.is_head {
            return;
        }
        self.response_bytes += bytes as u64;
        if let BodySize::Sized(length) = size
            && length <= self.response_bytes
        {
            self.response_bytes = length;
            if !self.is_whole() {
                self.completed();
            }
        }
    }

    /// A body of this size says that this was all. actix breaks off one that gave less.
    pub(crate) fn ended(&mut self, size: BodySize) {
        if self.is_whole() {
            return;
        }
        match size {
            BodySize::Sized(_) => self.broke_off(),
            BodySize::None | BodySize::Stream => self.completed(),
        }
    }

    /// The last byte went out with the latest poll.
    pub(crate) fn completed(&mut self) {
        self.whole = Some(self.latest);
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole.is_some()
    }

    /// A HEAD request's body is made, but never written.
    pub(crate) fn is_head(&self) -> bool {
        self.is_head
    }

    /// Whether the response lasts as long as somebody listens: when that ends is up to the client.
    fn is_session(&self) -> bool {
        self.status == Some(StatusCode::SWITCHING_PROTOCOLS) || self.is_event_stream
    }

    fn outcome(&self) -> RequestOutcome {
        // A panic elsewhere, such as in an outer middleware, drops it too; nothing is sent then, whatever it was.
        if self.has_panicked || std::thread::panicking() {
            return RequestOutcome::Panic;
        }
        // A client that leaves another protocol may leave an error behind: that is how those end.
        if self.has_broken_body && self.status != Some(StatusCode::SWITCHING_PROTOCOLS) {
            return RequestOutcome::BodyError;
        }
        match self.status {
            None => RequestOutcome::Cancelled,
            Some(_) if !self.is_whole() && !self.is_session() => RequestOutcome::AbortedBody,
            Some(status) => RequestOutcome::of_status(status.as_u16()),
        }
    }

    fn end(&self, route: u32) -> RequestEnd {
        RequestEnd {
            route,
            outcome: self.outcome(),
            status: self.status.map(|status| status.as_u16()),
            head: self.head,
            end: self.whole.unwrap_or_else(Ticks::now),
            response_bytes: self.response_bytes,
            is_session: self.is_session(),
            polls: self.polls,
            statements: self.request.statements(),
            statement_ticks: self.request.statement_ticks(),
        }
    }
}

/// What the head of a response says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    status: StatusCode,
    is_event_stream: bool,
}

impl Head {
    pub(crate) fn of(head: &ResponseHead) -> Self {
        let content_type = head.headers.get(CONTENT_TYPE);
        Self {
            status: head.status,
            is_event_stream: content_type.is_some_and(is_event_stream),
        }
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let is_counted = self.request.close();
        let route = is_counted.then(|| {
            self.route.unwrap_or_else(|| {
                let pattern = self.routes.pattern_of(&self.path);
                self.find(pattern.as_deref(), |route| route.number)
            })
        });
        // Also of one that was left out: what was gathered of it until then goes.
        current::post_to(&self.recorder, || {
            let end = route.map(|route| self.end(route));
            WideEvent::Request(self.request.ended(end))
        });
        self.leave_route();
        if is_counted {
            // Last: whoever sees that no request is in flight finds all their records.
            self.recorder.gauges.request_ended();
        }
    }
}

fn is_event_stream(content_type: &HeaderValue) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    let start = content_type.as_bytes().get(..EVENT_STREAM.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
}
