//! Which operations are slow, and which are forced: the same answer on both sides of the channel.

use std::time::Duration;

use crate::model::callsite::CallKind;
use crate::model::event::Event;

/// The thresholds of one pipeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) slow_query: Duration,
    pub(crate) slow_request: Duration,
}

/// What follows from one event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) duration: Duration,
    pub(crate) slow: bool,
    /// Kept whatever the sampling rate: business, slow, failed, panicked or cancelled.
    pub(crate) forced: bool,
}

impl Policy {
    pub(crate) fn judge(&self, event: &Event) -> Verdict {
        let duration = event.duration();
        let (threshold, always) = match event {
            Event::Call(call) => (self.call_threshold(call.site), call.site.is_forced()),
            Event::Statement(statement) => {
                let own = statement.query.and_then(|query| query.slow_nanos());
                (
                    Some(own.map_or(self.slow_query, Duration::from_nanos)),
                    false,
                )
            }
            Event::Request(_) => (Some(self.slow_request), false),
        };
        let slow = threshold.is_some_and(|threshold| duration >= threshold);
        Verdict {
            duration,
            slow,
            forced: always || slow || !event.outcome().is_ok(),
        }
    }

    /// A business function is slow only where its annotation says from when on: it is kept anyway.
    fn call_threshold(&self, site: &crate::model::callsite::Callsite) -> Option<Duration> {
        let own = site.slow_nanos().map(Duration::from_nanos);
        match site.kind() {
            CallKind::Business => own,
            CallKind::Query => Some(own.unwrap_or(self.slow_query)),
        }
    }
}
