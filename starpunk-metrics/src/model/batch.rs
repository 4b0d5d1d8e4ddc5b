//! What travels through the channel: up to 64 events of one thread, and what it counted itself under pressure.

use std::sync::Arc;

use crate::model::aggregate::Aggregate;
use crate::model::ended_request::EndedRequest;
use crate::model::event::Event;

/// How many events make a batch.
pub(crate) const BATCH_EVENTS: usize = 64;

#[derive(Debug)]
pub(crate) struct Batch {
    /// The number of the thread that filled it; known of one that is full.
    pub(crate) thread: u32,
    /// Oldest first. Not yet counted.
    pub(crate) events: Vec<Event>,
    /// Of requests that are over: too large for an event, and here they need no allocation of their own.
    pub(crate) requests: Vec<EndedRequest>,
    /// What was counted on the caller's thread because the channel was full.
    pub(crate) counted: Option<Box<Aggregate>>,
}

impl Batch {
    pub(crate) fn boxed() -> Box<Self> {
        Box::new(Self {
            thread: 0,
            events: Vec::with_capacity(BATCH_EVENTS),
            requests: Vec::new(),
            counted: None,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && self.counted.is_none()
    }

    /// How many events it has, requests among them.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.events.len() + self.requests.len()
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= BATCH_EVENTS
    }

    /// Takes out all events, the requests after what was done for them.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Event> {
        let requests = self.requests.drain(..);
        let requests = requests.map(|request| Event::Request(Arc::new(request)));
        self.events.drain(..).chain(requests)
    }

    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.requests.clear();
    }
}
