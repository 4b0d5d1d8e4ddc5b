//! Times one call of an annotated function: two clock reads, and one post.

use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::Ticks;
use crate::model::event::{Call, Detail, Event, Polls};
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::current::{self, Before};

/// A running call. Nothing is recorded of it before [`Timer::stop`].
#[derive(Debug)]
pub(crate) struct Timer {
    site: &'static Callsite,
    start: Ticks,
    /// Database operations inside, as far as they are known.
    statements: u32,
    nested: bool,
    has_begun: bool,
    /// What becomes of the call if it is dropped now.
    pub(crate) interrupted: OutcomeKind,
}

impl Timer {
    #[inline]
    pub(crate) fn start(site: &'static Callsite, interrupted: OutcomeKind) -> Self {
        let mut timer = Self::waiting(site);
        timer.interrupted = interrupted;
        timer.begin();
        timer
    }

    /// A call that has not begun: a future before its first poll.
    #[inline]
    pub(crate) fn waiting(site: &'static Callsite) -> Self {
        Self {
            site,
            start: Ticks::ZERO,
            statements: 0,
            nested: false,
            has_begun: false,
            interrupted: OutcomeKind::Cancelled,
        }
    }

    /// Begins anew with the first poll; what was recorded inside until now stays.
    #[inline]
    pub(crate) fn wait_again(&mut self) {
        self.has_begun = false;
        self.interrupted = OutcomeKind::Cancelled;
    }

    #[inline]
    pub(crate) fn begin(&mut self) -> Ticks {
        self.start = Ticks::now();
        self.has_begun = true;
        self.start
    }

    pub(crate) fn site(&self) -> &'static Callsite {
        self.site
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The call runs on this thread from now on: statements inside are counted, and named after an annotated query.
    #[inline]
    pub(crate) fn enter(&self) -> Before {
        current::enter_call(self.site)
    }

    /// It runs here no more.
    #[inline]
    pub(crate) fn leave(&mut self, before: &Before) {
        self.statements += current::leave_call(self.site, before);
        self.nested |= before.is_nested();
    }

    /// Records the call, with what `tell` knows of it if that has a chance to be kept.
    #[inline]
    pub(crate) fn stop(
        self,
        end: Ticks,
        outcome: Outcome,
        polls: Polls,
        tell: Option<impl FnOnce() -> Option<Box<Detail>>>,
    ) {
        let mut call = Call {
            site: self.site,
            start: self.start,
            end,
            detail: None,
            request: None,
            statements: self.statements,
            polls,
            sampled: false,
            nested: self.nested,
            late: false,
            outcome: outcome.into(),
        };
        let Some(tell) = tell else {
            return post(call, outcome, None);
        };
        // Outside of `with_current`: what is told is the application's code, and may record something itself.
        let kept = current::with_current(|current| {
            call.sampled = current.samples(call.site);
            call.sampled || current.recorder.policy.judge_call(&call).forced
        });
        if kept.unwrap_or(false) {
            call.detail = tell();
        }
        let sampled = call.sampled;
        post(call, outcome, Some(sampled));
    }
}

#[inline]
fn post(mut call: Call, outcome: Outcome, sampled: Option<bool>) {
    if let Outcome::Error(class) = outcome {
        call.detail.get_or_insert_default().error_class = Some(class);
    }
    let is_query = call.site.kind() == CallKind::Query;
    let is_operation = call.is_operation();
    current::with_current(|current| {
        if is_query
            && is_operation
            && let Some(request) = current.request
        {
            request.count_statement(call.start.count_until(call.end));
        }
        if is_operation {
            current.count_if_unattributed();
        }
        call.request = current.request_id();
        call.late = current.is_late();
        call.sampled = sampled.unwrap_or_else(|| current.samples(call.site));
        current.post(Event::Call(call));
    });
    if is_query && is_operation {
        // An annotated query around this one must not count it again.
        current::add_statements(1);
    }
}
