//! Which operations are slow, and which are forced: the same answer on both sides of the channel.

use std::time::Duration;

use crate::model::callsite::{CallKind, Callsite};
use crate::model::event::{Call, Event, Polls};
use crate::model::operation::OutcomeKind;
use crate::model::sampling::SamplingRate;

/// The thresholds of one pipeline, and its sampling.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) slow_query: Duration,
    pub(crate) slow_request: Duration,
    pub(crate) slow_poll: Duration,
    /// Of ordinary records.
    pub(crate) sampling: SamplingRate,
}

/// What follows from one event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) duration: Duration,
    pub(crate) slow: bool,
    /// Kept whatever the sampling rate: business, slow, failed, panicked or cancelled.
    pub(crate) forced: bool,
    /// A call inside another of the same place: its time is in that one's.
    pub(crate) nested: bool,
    /// A poll of it held its executor for longer than a poll should.
    pub(crate) blocking: bool,
}

impl Policy {
    pub(crate) fn judge(&self, event: &Event) -> Verdict {
        let threshold = match event {
            Event::Call(call) => return self.judge_call(call),
            Event::Statement(statement) => {
                let own = statement.query.and_then(own_threshold);
                own.unwrap_or(self.slow_query)
            }
            Event::Request(_) => self.slow_request,
        };
        let duration = event.duration();
        let slow = duration >= threshold;
        Verdict {
            duration,
            slow,
            forced: slow || !event.outcome().is_ok(),
            nested: false,
            blocking: false,
        }
    }

    pub(crate) fn judge_call(&self, call: &Call) -> Verdict {
        let duration = call.duration();
        let own = own_threshold(call.site);
        let threshold = match call.site.kind() {
            // A business function is slow only where its annotation says from when on: it is kept anyway.
            CallKind::Business => own,
            CallKind::Query => Some(own.unwrap_or(self.slow_query)),
        };
        let slow = threshold.is_some_and(|threshold| duration >= threshold);
        Verdict {
            duration,
            slow,
            forced: call.site.is_forced() || slow || call.outcome != OutcomeKind::Ok,
            nested: call.nested,
            blocking: self.is_slow_poll(call.polls),
        }
    }

    pub(crate) fn is_slow_poll(&self, polls: Polls) -> bool {
        polls.is_async() && polls.longest() >= self.slow_poll
    }
}

fn own_threshold(site: &Callsite) -> Option<Duration> {
    site.slow_nanos().map(Duration::from_nanos)
}
