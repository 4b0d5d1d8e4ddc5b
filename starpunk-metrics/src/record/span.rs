//! The span of `tracing` that goes with the work, so that what it logs says for which request.

use std::rc::Rc;

use tracing::Span;
use tracing::field::{Empty, display};

use crate::model::request::Request;
use crate::record::current;

/// A span that is entered wherever its work runs.
#[derive(Clone, Debug)]
pub(crate) struct WorkSpan {
    span: Span,
    route: Option<Box<str>>,
}

impl Default for WorkSpan {
    fn default() -> Self {
        Self::NONE
    }
}

impl WorkSpan {
    pub(crate) const NONE: Self = Self {
        span: Span::none(),
        route: None,
    };

    /// The one that this thread is in.
    pub(crate) fn current() -> Self {
        Self {
            span: Span::current(),
            route: None,
        }
    }

    /// A new one for a request, whose route is as yet what its path says. A span around it that has room for the same is told
    /// too.
    pub(crate) fn of_request(request: &Request, route: impl FnOnce() -> Option<Rc<str>>) -> Self {
        // Inside of another request, such as one that asks a service of its own process, what is around is that one's.
        let is_inside = current::with_context(|context| context.request.is_some());
        let around = match is_inside {
            Some(true) => Span::none(),
            _ => Span::current(),
        };
        let span = tracing::info_span!(
            target: "starpunk_metrics",
            "request",
            request_id = Empty,
            route = Empty
        );
        let mut this = Self { span, route: None };
        if around.is_disabled() && this.span.is_disabled() {
            return this;
        }
        for span in [&around, &this.span] {
            match request.client.adopted_id() {
                Some(id) => span.record("request_id", display(id)),
                None => span.record("request_id", display(request.id)),
            };
        }
        if let Some(route) = route() {
            around.record("route", &*route);
            this.routed(&route);
        }
        this
    }

    /// The route as routing found it.
    pub(crate) fn routed(&mut self, route: &str) {
        if !self.span.is_disabled() && self.route.as_deref() != Some(route) {
            self.span.record("route", route);
            self.route = Some(route.into());
        }
    }

    pub(crate) fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        self.span.in_scope(work)
    }
}
