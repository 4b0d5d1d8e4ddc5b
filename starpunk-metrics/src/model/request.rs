//! One request: what every thread that works for it shares while it runs, and then how it ended.
//!
//! The event of a request is this same allocation. Relaxed throughout: the numbers are sums of their own, and the end is
//! set once, by the thread that posts it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::model::client_request_id::ClientRequestId;
use crate::model::clock::{TickSpan, Ticks, scale};
use crate::model::operation::Outcome;
use crate::model::request_id::RequestId;
use crate::model::request_outcome::RequestOutcome;
use crate::model::trace_parent::TraceParent;

/// One request, in progress or ended.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) start: Ticks,
    /// Where its server has it in memory; 0 where it has none.
    address: usize,
    statements: AtomicU32,
    statement_ticks: AtomicU64,
    bytes: AtomicU64,
    body_wait_ticks: AtomicU64,
    state: AtomicU8,
    end: OnceLock<RequestEnd>,
    inbound: Option<Box<Inbound>>,
}

/// The states of a request: it is excluded or ended, and stays so.
const RUNNING: u8 = 0;
const EXCLUDED: u8 = 1;
const ENDED: u8 = 2;

/// What the client said of its request.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    pub(crate) client_request_id: Option<ClientRequestId>,
    /// The client is trusted: its id is ours.
    pub(crate) is_adopted: bool,
    pub(crate) trace_parent: Option<TraceParent>,
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

impl Request {
    pub(crate) fn new(id: RequestId, start: Ticks, inbound: Option<Box<Inbound>>) -> Self {
        Self {
            id,
            start,
            address: 0,
            statements: AtomicU32::new(0),
            statement_ticks: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            body_wait_ticks: AtomicU64::new(0),
            state: AtomicU8::new(RUNNING),
            end: OnceLock::new(),
            inbound,
        }
    }

    /// Its server has it here, as long as it lives.
    pub(crate) fn at(mut self, address: usize) -> Self {
        self.address = address;
        self
    }

    /// Whether its server has it here: then it is this one.
    pub(crate) fn is_at(&self, address: usize) -> bool {
        self.address == address
    }

    #[inline]
    pub(crate) fn count_statement(&self, ticks: u64) {
        self.statements.fetch_add(1, Relaxed);
        self.statement_ticks.fetch_add(ticks, Relaxed);
    }

    pub(crate) fn statements(&self) -> u32 {
        self.statements.load(Relaxed)
    }

    pub(crate) fn statement_ticks(&self) -> u64 {
        self.statement_ticks.load(Relaxed)
    }

    /// So many bytes of its body were read.
    pub(crate) fn read(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// Its body was waited for so long.
    pub(crate) fn waited_for_body(&self, ticks: u64) {
        self.body_wait_ticks.fetch_add(ticks, Relaxed);
    }

    /// How long its client was waited for, until the body was read as far as it was.
    pub(crate) fn body_wait(&self) -> Duration {
        scale(self.body_wait_ticks.load(Relaxed))
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Leaves it out of everything from now on; `false` where it was left out already, or has ended.
    pub(crate) fn exclude(&self) -> bool {
        self.leave(EXCLUDED)
    }

    /// Ends it; `false` where it was left out.
    pub(crate) fn close(&self) -> bool {
        self.leave(ENDED)
    }

    fn leave(&self, into: u8) -> bool {
        let state = &self.state;
        state
            .compare_exchange(RUNNING, into, Relaxed, Relaxed)
            .is_ok()
    }

    /// Whether nothing is to be told of it.
    #[inline]
    pub(crate) fn is_excluded(&self) -> bool {
        self.state.load(Relaxed) == EXCLUDED
    }

    /// Whether what is done for it now comes after its end.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.state.load(Relaxed) == ENDED
    }

    /// Tells how it ended; only the first time counts.
    pub(crate) fn finish(&self, end: RequestEnd) {
        let _ = self.end.set(end);
    }

    /// How many bytes of memory it holds.
    pub(crate) fn memory(&self) -> usize {
        let inbound = self.inbound.as_ref().map_or(0, |inbound| {
            let id = inbound.client_request_id.as_ref();
            size_of::<Inbound>() + id.map_or(0, |id| id.as_str().len())
        });
        size_of::<Self>() + inbound
    }

    /// What the client calls it.
    pub(crate) fn client_request_id(&self) -> Option<&ClientRequestId> {
        self.inbound.as_ref()?.client_request_id.as_ref()
    }

    pub(crate) fn trace_parent(&self) -> Option<TraceParent> {
        self.inbound.as_ref()?.trace_parent
    }

    /// The client's id, where that stands for ours.
    pub(crate) fn adopted_id(&self) -> Option<&str> {
        let inbound = self.inbound.as_ref().filter(|inbound| inbound.is_adopted)?;
        inbound
            .client_request_id
            .as_ref()
            .map(ClientRequestId::as_str)
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn end(&self) -> Option<&RequestEnd> {
        self.end.get()
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let end = self.end();
        end.map_or(Outcome::Ok, |end| end.outcome.outcome(end.status))
    }

    /// Until the last byte; of a session until its head. Zero while it runs.
    pub(crate) fn duration(&self) -> Duration {
        let Some(end) = self.end() else {
            return Duration::ZERO;
        };
        let until = if end.is_session { end.head } else { None };
        self.start.until(until.unwrap_or(end.end))
    }
}

impl RequestEnd {
    /// Of a request that runs.
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
