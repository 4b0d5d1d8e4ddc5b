//! A call of an annotated function on this thread: how it is entered, left, and posted.
//!
//! Whoever builds the application does so without link-time optimization. So what is done on the way in is inlined there, and
//! what is done on the way out is one function here, which looks at the thread's own view once.

use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::{Clock, Ticks};
use crate::model::event::{Call, CallFlags, Detail, Event, Polls};
use crate::model::gauges::Gauges;
use crate::model::operation::Outcome;
use crate::model::request::Request;
use crate::model::wide_event::WideEvent;
use crate::record::current;
use crate::record::depth::Depth;
use crate::record::local::{Bound, LOCAL, Local, Work};
use crate::record::recorder::Recorder;

/// How it was on this thread before a call of an annotated function, and what the call is to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    function: Option<&'static Callsite>,
    statements: u32,
    depth: Depth,
}

/// A call that runs on this thread from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) site: &'static Callsite,
    before: Before,
    start: Ticks,
}

/// A call that has ended, as far as its own code knows it.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) site: &'static Callsite,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    pub(crate) outcome: Outcome,
    /// Database operations that were recorded inside.
    pub(crate) statements: u32,
    pub(crate) nested: bool,
    pub(crate) polls: Polls,
}

/// A call of `site` runs on this thread from now on.
#[inline(always)]
pub(crate) fn enter(site: &'static Callsite) -> Before {
    LOCAL.with(|local| {
        // First: what has to be kept until it is done is so little.
        let depth = local.depths.enter(site);
        let function = local.function.get();
        let is_in_query = function.is_some_and(|around| around.kind() == CallKind::Query);
        // A query keeps its name also inside a business function that it calls.
        if !is_in_query || site.kind() == CallKind::Query {
            local.function.set(Some(site));
        }
        Before {
            function,
            statements: local.statements.get(),
            depth,
        }
    })
}

impl Before {
    /// It runs here no more; returns how many database operations were recorded meanwhile.
    #[inline]
    pub(crate) fn leave(self) -> u32 {
        LOCAL.with(|local| local.put_back(self))
    }

    /// Whether another call of the same place was running.
    #[inline]
    pub(crate) fn is_nested(self) -> bool {
        self.depth.is_nested
    }
}

impl Inside {
    /// Begins a call.
    #[inline(always)]
    pub(crate) fn enter(site: &'static Callsite, clock: Clock) -> Self {
        Self {
            site,
            before: enter(site),
            // Last, and first at the end: what is measured is the call, and not its measuring.
            start: clock.now(),
        }
    }

    /// Ends it, and records it without fields.
    #[inline(always)]
    pub(crate) fn finish(&self, end: Ticks, outcome: Outcome) {
        if outcome.is_ok() {
            LOCAL.with(|local| local.finish_well(self, end));
        } else {
            self.leave(end, outcome).post();
        }
    }

    /// Ends it, and records it with what `tell` knows of it if that has a chance to be kept.
    #[inline]
    pub(crate) fn finish_with(
        &self,
        end: Ticks,
        outcome: Outcome,
        tell: impl FnOnce() -> Option<Detail>,
    ) {
        self.leave(end, outcome).post_with(tell);
    }

    #[inline]
    fn leave(&self, end: Ticks, outcome: Outcome) -> Ended {
        let statements = self.before.leave();
        Ended {
            outcome,
            ..self.ended_well(end, statements)
        }
    }

    /// Posts it where it went well, and something has to be found out first.
    #[inline(never)]
    fn post_well(&self, end: Ticks, statements: u32) {
        self.ended_well(end, statements).post();
    }

    #[inline(always)]
    fn ended_well(&self, end: Ticks, statements: u32) -> Ended {
        Ended {
            site: self.site,
            start: self.start,
            end,
            outcome: Outcome::Ok,
            statements,
            nested: self.before.is_nested(),
            polls: Polls::default(),
        }
    }
}

impl Local {
    /// Ends a call that went well, as nearly all do, in as few instructions as it takes.
    ///
    /// It calls nothing: what is rare is left to others at the very end, so that nothing has to be kept for after it.
    #[inline(never)]
    fn finish_well(&self, inside: &Inside, end: Ticks) {
        let statements = self.put_back(inside.before);
        let ended = inside.ended_well(end, statements);
        if let Ok(mut work) = self.work.try_borrow_mut()
            && work.is_settled()
            && work.post(&ended, None, &mut None, self)
        {
            return;
        }
        inside.post_well(end, statements);
    }

    /// Posts any other call, or one that [`Local::finish_well`] could not.
    #[inline(never)]
    fn post(&self, ended: &Ended, sampled: Option<bool>, detail: &mut Option<Detail>) {
        if let Ok(mut work) = self.work.try_borrow_mut()
            && (work.is_settled() || work.settle())
            && work.post(ended, sampled, detail, self)
        {
            return;
        }
        self.post_slowly(ended, sampled, detail);
    }

    /// Posts a call where more has to be done for it than usual.
    #[cold]
    #[inline(never)]
    fn post_slowly(&self, ended: &Ended, sampled: Option<bool>, detail: &mut Option<Detail>) {
        self.with_current(|current| {
            ended.count(&current.recorder.gauges, current.request, self);
            let sampled = sampled.unwrap_or_else(|| current.samples(ended.site));
            let call = ended.call(current.request, sampled);
            match detail.take() {
                None => current.post(Event::Call(call)),
                Some(detail) => current.post_wide(WideEvent::Call(call, detail)),
            }
        });
    }

    /// Puts back what was before; returns how many database operations were recorded meanwhile.
    #[inline]
    fn put_back(&self, before: Before) -> u32 {
        self.depths.leave(before.depth);
        self.function.set(before.function);
        self.statements.get().wrapping_sub(before.statements)
    }
}

impl Work {
    /// Posts a call to who takes it, if nothing else has to be done for it; else its details stay where they are.
    #[inline(always)]
    fn post(
        &mut self,
        ended: &Ended,
        sampled: Option<bool>,
        detail: &mut Option<Detail>,
        local: &Local,
    ) -> bool {
        let Some(latest) = &mut self.latest else {
            return false;
        };
        let Bound {
            recorder,
            queue,
            gauges,
            ..
        } = latest;
        let request = self.context.request.as_deref();
        let call = || {
            let sampled = ended.count_and_sample(sampled, recorder, gauges, request, local);
            ended.call(request, sampled)
        };
        if detail.is_none() {
            let Some(room) = queue.room() else {
                return false;
            };
            room.take(Event::Call(call()));
        } else {
            let Some(room) = queue.wide_room() else {
                return false;
            };
            let detail = detail.take().unwrap_or_default();
            room.take(WideEvent::Call(call(), detail));
        }
        true
    }
}

impl Ended {
    /// Records it without fields.
    #[inline]
    pub(crate) fn post(&self) {
        if self.outcome.is_ok() {
            LOCAL.with(|local| local.post(self, None, &mut None));
        } else {
            self.post_told(None, None);
        }
    }

    /// Records it with what `tell` knows of it if that has a chance to be kept.
    #[inline]
    pub(crate) fn post_with(&self, tell: impl FnOnce() -> Option<Detail>) {
        let (sampled, kept) = self.is_kept();
        // Outside of `with_current`: what is told is the application's code, and may record something itself.
        let detail = if kept { tell() } else { None };
        self.post_told(Some(sampled), detail);
    }

    /// Whether its record is kept as an ordinary one, and whether it is at all.
    #[inline(never)]
    fn is_kept(&self) -> (bool, bool) {
        if self.site.is_forced() {
            return (true, current::has_pipeline());
        }
        let thrown = current::look_at_current(|current| {
            let sampled = current.samples(self.site);
            let policy = &current.recorder.policy;
            let kept = sampled
                || !self.outcome.is_ok()
                || policy.is_slow(self.site, self.start.nanos_until(self.end));
            (sampled, kept)
        });
        thrown.unwrap_or_default()
    }

    /// Records it; `sampled` where the dice were thrown for it.
    #[inline(never)]
    fn post_told(&self, sampled: Option<bool>, mut detail: Option<Detail>) {
        if let Outcome::Error(class) = self.outcome
            && !self.site.is_usual_class(class)
        {
            detail.get_or_insert_default().error_class = Some(class);
        }
        LOCAL.with(|local| local.post(self, sampled, &mut detail));
    }

    /// Counts it where counts are kept on this side, and says whether the dice keep its record.
    #[inline(always)]
    fn count_and_sample(
        &self,
        sampled: Option<bool>,
        recorder: &Recorder,
        gauges: &Gauges,
        request: Option<&Request>,
        local: &Local,
    ) -> bool {
        if !self.site.is_plain() {
            self.count(gauges, request, local);
            return sampled.unwrap_or_else(|| recorder.samples(self.site, &local.dice));
        }
        if request.is_none() {
            gauges.count_if_unattributed();
        }
        true
    }

    /// Counts it where counts are kept on this side.
    #[inline(always)]
    fn count(&self, gauges: &Gauges, request: Option<&Request>, local: &Local) {
        let is_query = self.site.kind() == CallKind::Query;
        if is_query && self.statements > 0 {
            // They are the operations.
            return;
        }
        match request {
            Some(request) if is_query => {
                request.count_statement(self.start.count_until(self.end));
            }
            Some(_) => {}
            None => gauges.count_if_unattributed(),
        }
        if is_query {
            // An annotated query around this one must not count it again.
            local.count_operations(1);
        }
    }

    #[inline(always)]
    fn call(&self, request: Option<&Request>, sampled: bool) -> Call {
        Call {
            site: self.site,
            start: self.start,
            end: self.end,
            detail: None,
            request: request.and_then(Request::told_id),
            statements: self.statements,
            polls: self.polls,
            flags: CallFlags::default()
                .and(CallFlags::NESTED, self.nested)
                .and(CallFlags::SAMPLED, sampled)
                .and(CallFlags::LATE, request.is_some_and(Request::is_over)),
            outcome: self.outcome.into(),
        }
    }
}
