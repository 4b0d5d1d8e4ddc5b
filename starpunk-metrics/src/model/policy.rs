//! Which operations are slow, and which are forced: the same answer on both sides of the channel.

use std::sync::Arc;
use std::time::Duration;

use crate::model::callsite::{CallKind, Callsite};
use crate::model::ended_request::EndedRequest;
use crate::model::event::{Call, CallFlags, Event, Polls};
use crate::model::histogram::nanos;
use crate::model::names::Shape;
use crate::model::operation::OutcomeKind;
use crate::model::pattern::ShapePattern;
use crate::model::sampling::SamplingRate;
use crate::model::statement::{Flags, Statement};
use crate::model::transaction::Ending;

/// The thresholds of one pipeline, and its sampling.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) slow_query: Duration,
    /// Of statements whose shape matches; the first that does.
    pub(crate) slow_statements: Arc<[(ShapePattern, Duration)]>,
    /// From how many of one shape in a request on they are a finding.
    pub(crate) repeated_statements: u32,
    /// More statements than that in a request are a finding.
    pub(crate) many_statements: u32,
    pub(crate) slow_request: Duration,
    pub(crate) slow_poll: Duration,
    /// Of ordinary records.
    pub(crate) sampling: SamplingRate,
}

/// What follows from one event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    /// How long it took.
    pub(crate) nanos: u64,
    pub(crate) slow: bool,
    /// Kept whatever the sampling rate: business, slow, failed, panicked or cancelled.
    pub(crate) forced: bool,
    /// A call inside another of the same place: its time is in that one's.
    pub(crate) nested: bool,
    /// A poll of it held its executor for longer than a poll should.
    pub(crate) blocking: bool,
    /// It lasted as long as somebody listened: no measure of how fast anything is.
    pub(crate) untimed: bool,
}

impl Verdict {
    /// Of what took no time, and is nothing special.
    #[cfg(test)]
    pub(crate) const ORDINARY: Self = Self {
        nanos: 0,
        slow: false,
        forced: false,
        nested: false,
        blocking: false,
        untimed: false,
    };
}

impl Policy {
    pub(crate) fn judge(&self, event: &Event) -> Verdict {
        match event {
            Event::Call(call) => self.judge_call(call),
            Event::Statement(statement) => Self::judge_statement(statement),
            Event::Request(request) => self.judge_request(request),
            Event::Transaction(_) | Event::PoolUse(_) => Verdict {
                nanos: event.nanos(),
                slow: false,
                forced: is_left_open(event),
                nested: false,
                blocking: false,
                untimed: false,
            },
        }
    }

    #[inline]
    pub(crate) fn judge_statement(statement: &Statement) -> Verdict {
        // Its shape has a threshold, which whoever recorded it knew.
        let slow = statement.flags.has(Flags::SLOW);
        Verdict {
            nanos: statement.taken.nanos(),
            slow,
            forced: slow || statement.outcome != OutcomeKind::Ok,
            nested: false,
            blocking: false,
            untimed: false,
        }
    }

    pub(crate) fn judge_request(&self, request: &EndedRequest) -> Verdict {
        let taken = request.nanos();
        let slow = taken >= nanos(self.slow_request);
        let longest = request.end.as_ref().map(|end| end.polls.longest.nanos());
        Verdict {
            nanos: taken,
            slow,
            forced: !request.is_excluded() && (slow || !request.outcome().is_ok()),
            nested: false,
            blocking: longest.is_some_and(|longest| longest >= self.blocked_nanos()),
            untimed: request.end.as_ref().is_some_and(|end| end.is_session),
        }
    }

    /// From when on one poll of a request blocks its worker. A request is more than any one function in it, so that takes twice
    /// as long.
    pub(crate) fn blocked_poll(&self) -> Duration {
        Duration::from_nanos(self.blocked_nanos())
    }

    fn blocked_nanos(&self) -> u64 {
        nanos(self.slow_poll).saturating_mul(2)
    }

    /// From when on a statement of this shape is slow, where no annotation says otherwise.
    pub(crate) fn slow_statement(&self, shape: &Shape) -> Duration {
        let own = self.slow_statements.iter();
        own.filter(|(pattern, _)| pattern.matches(shape))
            .map(|(_, threshold)| *threshold)
            .next()
            .unwrap_or(self.slow_query)
    }

    #[inline(always)]
    pub(crate) fn judge_call(&self, call: &Call) -> Verdict {
        let nanos = call.nanos();
        let slow = self.is_slow(call.site, nanos);
        Verdict {
            nanos,
            slow,
            forced: call.site.is_forced() || slow || call.outcome != OutcomeKind::Ok,
            nested: call.flags.has(CallFlags::NESTED),
            blocking: self.is_slow_poll(call.polls),
            untimed: false,
        }
    }

    /// Whether a call of `site` that took so long is slow.
    #[inline]
    pub(crate) fn is_slow(&self, site: &Callsite, taken: u64) -> bool {
        match (site.slow_nanos(), site.kind()) {
            (Some(own), _) => taken >= own,
            (None, CallKind::Query) => taken >= nanos(self.slow_query),
            // It is slow only where its annotation says from when on: it is kept anyway.
            (None, CallKind::Business) => false,
        }
    }

    #[inline]
    pub(crate) fn is_slow_poll(&self, polls: Polls) -> bool {
        polls.is_async() && polls.longest() >= self.slow_poll
    }
}

/// It is a finding, and must get there.
fn is_left_open(event: &Event) -> bool {
    matches!(event, Event::Transaction(transaction) if transaction.ending == Ending::LeftOpen)
}
