//! One request that is over: what its worker hands on.

use std::time::Duration;

use crate::model::client::Client;
use crate::model::clock::{TickSpan, Ticks, scale};
use crate::model::operation::Outcome;
use crate::model::request_id::RequestId;
use crate::model::request_outcome::RequestOutcome;

/// One request that is over.
#[derive(Clone, Debug)]
pub(crate) struct EndedRequest {
    pub(crate) id: RequestId,
    pub(crate) start: Ticks,
    /// Of its body, those that were read.
    pub(crate) bytes: u64,
    pub(crate) body_wait_ticks: u64,
    /// `None` where it was left out.
    pub(crate) end: Option<RequestEnd>,
    pub(crate) client: Client,
}

/// How a request ended.
#[derive(Clone, Debug)]
pub(crate) struct RequestEnd {
    /// The interned `METHOD route`.
    pub(crate) route: u32,
    pub(crate) outcome: RequestOutcome,
    /// The status that was sent, or would have been; `None` where there never was a response.
    pub(crate) status: Option<u16>,
    /// When the head of the response was ready; `None` where there never was one.
    pub(crate) head: Option<Ticks>,
    pub(crate) end: Ticks,
    pub(crate) response_bytes: u64,
    /// The response is an open end, such as an event stream or another protocol: it lasts as long as somebody listens.
    pub(crate) is_session: bool,
    pub(crate) polls: RequestPolls,
    pub(crate) statements: u32,
    pub(crate) statement_ticks: u64,
}

/// How a request used its worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestPolls {
    /// In all polls together, those of the body too.
    pub(crate) busy: TickSpan,
    /// The longest of them, and when it began.
    pub(crate) longest: TickSpan,
    pub(crate) longest_began: Ticks,
}

impl EndedRequest {
    /// One that began at zero, and whose client said nothing.
    #[cfg(test)]
    pub(crate) fn new(id: RequestId, end: Option<RequestEnd>) -> Self {
        Self {
            id,
            start: Ticks::ZERO,
            bytes: 0,
            body_wait_ticks: 0,
            end,
            client: Client::default(),
        }
    }

    /// Whether nothing is to be told of it.
    pub(crate) fn is_excluded(&self) -> bool {
        self.end.is_none()
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let end = self.end.as_ref();
        end.map_or(Outcome::Ok, |end| end.outcome.outcome(end.status))
    }

    /// Until the last byte; of a session until its head. Zero where it was left out.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    /// [`EndedRequest::duration`] in nanoseconds, which is what is counted.
    pub(crate) fn nanos(&self) -> u64 {
        let Some(end) = &self.end else { return 0 };
        let until = if end.is_session { end.head } else { None };
        self.start.nanos_until(until.unwrap_or(end.end))
    }

    /// When it ended; zero where it was left out.
    pub(crate) fn ended_at(&self) -> Ticks {
        self.end.as_ref().map_or(Ticks::ZERO, |end| end.end)
    }

    /// How long its client was waited for, until the body was read as far as it was.
    pub(crate) fn body_wait(&self) -> Duration {
        scale(self.body_wait_ticks)
    }

    /// How many bytes of memory it holds.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.client.memory()
    }
}

impl RequestEnd {
    /// Of a request of which nothing is known.
    pub(crate) const UNKNOWN: Self = Self {
        route: 0,
        outcome: RequestOutcome::Ok,
        status: None,
        head: None,
        end: Ticks::ZERO,
        response_bytes: 0,
        is_session: false,
        polls: RequestPolls::NONE,
        statements: 0,
        statement_ticks: 0,
    };

    pub(crate) fn statement_time(&self) -> Duration {
        scale(self.statement_ticks)
    }
}

impl RequestPolls {
    pub(crate) const NONE: Self = Self {
        busy: TickSpan::ZERO,
        longest: TickSpan::ZERO,
        longest_began: Ticks::ZERO,
    };

    /// Takes in one poll.
    #[inline]
    pub(crate) fn add(&mut self, began: Ticks, ended: Ticks) {
        let taken = began.span_until(ended);
        self.busy += taken;
        if taken > self.longest {
            self.longest = taken;
            self.longest_began = began;
        }
    }
}
