//! A call of an annotated function on this thread: how it is entered, left, and posted.
//!
//! Whoever builds the application does so without link-time optimization. So what is done on the way in is inlined there, and
//! what is done on the way out is one function here, which looks at the thread's own view once.

use std::cell::Cell;
use std::sync::Arc;

use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::Ticks;
use crate::model::event::{Call, Detail, Event, Polls};
use crate::model::operation::Outcome;
use crate::model::request::Request;
use crate::model::sampling::Dice;
use crate::record::current::{self, Current};
use crate::record::depth::Depth;
use crate::record::local::{Bound, LOCAL, Local, Work};
use crate::record::recorder::Recorder;

/// How it was on this thread before a call of an annotated function.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    function: Option<&'static Callsite>,
    statements: u32,
    depth: Depth,
}

/// A call that runs on this thread from its beginning to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside {
    site: &'static Callsite,
    function: Option<&'static Callsite>,
    /// What else it was before, in a register.
    rest: u64,
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
        let function = local.function.get();
        let is_in_query = function.is_some_and(|around| around.kind() == CallKind::Query);
        // A query keeps its name also inside a business function that it calls.
        if !is_in_query || site.kind() == CallKind::Query {
            local.function.set(Some(site));
        }
        Before {
            function,
            statements: local.statements.get(),
            depth: local.depths.enter(site),
        }
    })
}

impl Before {
    /// It runs here no more; returns how many database operations were recorded meanwhile.
    #[inline]
    pub(crate) fn leave(self, site: &'static Callsite) -> u32 {
        LOCAL.with(|local| self.leave_in(local, site))
    }

    #[inline]
    fn leave_in(self, local: &Local, site: &'static Callsite) -> u32 {
        local.depths.leave(site, self.depth);
        local.function.set(self.function);
        local.statements.get().wrapping_sub(self.statements)
    }

    /// Whether another call of the same place was running.
    #[inline]
    pub(crate) fn is_nested(self) -> bool {
        self.depth.is_nested()
    }

    /// In two registers.
    #[inline]
    fn pack(self) -> (Option<&'static Callsite>, u64) {
        let rest = u64::from(self.statements) << 8 | u64::from(self.depth.to_byte());
        (self.function, rest)
    }

    #[inline]
    fn unpack(function: Option<&'static Callsite>, rest: u64) -> Self {
        Self {
            function,
            statements: (rest >> 8) as u32,
            depth: Depth::from_byte(rest as u8),
        }
    }
}

impl Inside {
    /// Begins a call.
    #[inline(always)]
    pub(crate) fn enter(site: &'static Callsite) -> Self {
        let (function, rest) = enter(site).pack();
        Self {
            site,
            function,
            rest,
            // Last, and first at the end: what is measured is the call, and not its measuring.
            start: Ticks::now(),
        }
    }

    /// Ends it, and records it without fields.
    #[inline(always)]
    pub(crate) fn finish(self, end: Ticks, outcome: Outcome) {
        if outcome.is_ok() {
            LOCAL.with(|local| {
                local.finish_well(self.site, self.function, self.rest, self.start, end);
            });
        } else {
            self.leave(end, outcome).post();
        }
    }

    /// Ends it, and records it with what `tell` knows of it if that has a chance to be kept.
    #[inline]
    pub(crate) fn finish_with(
        self,
        end: Ticks,
        outcome: Outcome,
        tell: impl FnOnce() -> Option<Arc<Detail>>,
    ) {
        self.leave(end, outcome).post_with(tell);
    }

    #[inline]
    fn leave(self, end: Ticks, outcome: Outcome) -> Ended {
        let before = Before::unpack(self.function, self.rest);
        Ended {
            site: self.site,
            start: self.start,
            end,
            outcome,
            statements: before.leave(self.site),
            nested: before.is_nested(),
            polls: Polls::default(),
        }
    }

    /// What it is made of, each a register.
    #[inline(always)]
    pub(crate) fn parts(self) -> (&'static Callsite, Option<&'static Callsite>, u64, Ticks) {
        (self.site, self.function, self.rest, self.start)
    }

    /// What [`Inside::parts`] were of.
    pub(crate) fn of_parts(
        site: &'static Callsite,
        function: Option<&'static Callsite>,
        rest: u64,
        start: Ticks,
    ) -> Self {
        Self {
            site,
            function,
            rest,
            start,
        }
    }
}

impl Local {
    /// Ends a call that went well, as nearly all do, in as few instructions as it takes.
    ///
    /// By its parts, which lie in registers: a structure would be written to memory and read again. What is rare is left to
    /// [`post_well`] at the very end, so that nothing has to be kept for after it.
    #[inline(never)]
    fn finish_well(
        &self,
        site: &'static Callsite,
        function: Option<&'static Callsite>,
        rest: u64,
        start: Ticks,
        end: Ticks,
    ) {
        let before = Before::unpack(function, rest);
        let statements = before.leave_in(self, site);
        let nested = before.is_nested();
        if let Ok(mut work) = self.work.try_borrow_mut() {
            let ended = Ended::well(site, start, end, statements, nested);
            if work.post(&ended, &self.dice) {
                return;
            }
        }
        post_well(site, start, end, statements, nested);
    }
}

/// Posts a call that went well where more has to be done for it than usual.
#[cold]
#[inline(never)]
fn post_well(site: &'static Callsite, start: Ticks, end: Ticks, statements: u32, nested: bool) {
    Ended::well(site, start, end, statements, nested).post();
}

impl Work {
    /// Posts a call that has no details, if nothing else has to be done for it.
    #[inline(always)]
    fn post(&mut self, ended: &Ended, dice: &Cell<Dice>) -> bool {
        let id = self.pipeline();
        let Some(Bound { recorder, queue }) = &mut self.latest else {
            return false;
        };
        if recorder.id != id || recorder.is_stopped() {
            return false;
        }
        let Some(room) = queue.room() else {
            return false;
        };
        let request = self.context.request.as_deref();
        ended.count(recorder, request);
        let sampled = recorder.samples(ended.site, dice);
        room.take(ended.event(request, sampled, None));
        true
    }
}

impl Ended {
    #[inline(always)]
    fn well(
        site: &'static Callsite,
        start: Ticks,
        end: Ticks,
        statements: u32,
        nested: bool,
    ) -> Self {
        Self {
            site,
            start,
            end,
            outcome: Outcome::Ok,
            statements,
            nested,
            polls: Polls::default(),
        }
    }

    /// Records it without fields.
    #[inline(never)]
    pub(crate) fn post(&self) {
        current::with_current(|current| current.post_call(self, None, None));
    }

    /// Records it with what `tell` knows of it if that has a chance to be kept.
    #[inline]
    pub(crate) fn post_with(&self, tell: impl FnOnce() -> Option<Arc<Detail>>) {
        let (sampled, kept) = self.is_kept();
        // Outside of `with_current`: what is told is the application's code, and may record something itself.
        let detail = if kept { tell() } else { None };
        self.post_told(sampled, detail);
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

    #[inline(never)]
    fn post_told(&self, sampled: bool, detail: Option<Arc<Detail>>) {
        current::with_current(|current| current.post_call(self, Some(sampled), detail));
    }

    /// Counts it where counts are kept on this side.
    #[inline(always)]
    fn count(&self, recorder: &Recorder, request: Option<&Request>) {
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
            None => recorder.gauges.count_if_unattributed(),
        }
        if is_query {
            // An annotated query around this one must not count it again.
            current::add_statements(1);
        }
    }

    #[inline(always)]
    fn event(
        &self,
        request: Option<&Request>,
        sampled: bool,
        detail: Option<Arc<Detail>>,
    ) -> Event {
        Event::Call(Call {
            site: self.site,
            start: self.start,
            end: self.end,
            detail,
            request: request.and_then(Request::told_id),
            statements: self.statements,
            polls: self.polls,
            sampled,
            nested: self.nested,
            late: request.is_some_and(Request::is_over),
            outcome: self.outcome.into(),
        })
    }
}

impl Current<'_> {
    /// Counts a call, and posts it; `sampled` where the dice were thrown for it.
    #[inline]
    fn post_call(&self, ended: &Ended, sampled: Option<bool>, mut detail: Option<Arc<Detail>>) {
        if let Outcome::Error(class) = ended.outcome
            && !ended.site.is_usual_class(class)
        {
            // Nobody else has it yet: this is no copy.
            Arc::make_mut(detail.get_or_insert_default()).error_class = Some(class);
        }
        ended.count(self.recorder, self.request);
        let sampled = sampled.unwrap_or_else(|| self.samples(ended.site));
        self.post(ended.event(self.request, sampled, detail));
    }
}
