//! One request under way: what every thread that works for it shares.
//!
//! Relaxed throughout: the numbers are sums of their own.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::model::client::Client;
use crate::model::clock::Ticks;
use crate::model::ended_request::{EndedRequest, RequestEnd};
use crate::model::request_id::RequestId;

/// One request, which every thread that works for it has.
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
    pub(crate) client: Client,
}

/// The states of a request: it is excluded or ended, and stays so.
const RUNNING: u8 = 0;
const EXCLUDED: u8 = 1;
const ENDED: u8 = 2;

impl Request {
    pub(crate) fn new(id: RequestId, start: Ticks, client: Client) -> Self {
        Self {
            id,
            start,
            address: 0,
            statements: AtomicU32::new(0),
            statement_ticks: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            body_wait_ticks: AtomicU64::new(0),
            state: AtomicU8::new(RUNNING),
            client,
        }
    }

    /// Its server has it here, as long as it lives.
    pub(crate) fn at(mut self, address: usize) -> Self {
        self.address = address;
        self
    }

    /// Whether its server has it here: then it is this one. Once it is over another may have its place.
    pub(crate) fn is_at(&self, address: usize) -> bool {
        self.address == address && !self.is_over()
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

    /// The id that may be told.
    #[inline]
    pub(crate) fn told_id(&self) -> Option<RequestId> {
        (!self.is_excluded()).then_some(self.id)
    }

    /// Whether what is done for it now comes after its end.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.state.load(Relaxed) == ENDED
    }

    /// It by itself, as it is now: with its end, or without one where it was left out.
    pub(crate) fn ended(&self, end: Option<RequestEnd>) -> EndedRequest {
        EndedRequest {
            id: self.id,
            start: self.start,
            bytes: self.bytes.load(Relaxed),
            body_wait_ticks: self.body_wait_ticks.load(Relaxed),
            end,
            client: self.client.clone(),
        }
    }
}
