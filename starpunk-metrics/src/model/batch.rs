//! What travels through the channel: up to 64 events of one thread, and what it counted itself under pressure.

use crate::model::aggregate::Aggregate;
use crate::model::event::Event;

/// How many events make a batch.
pub(crate) const BATCH_EVENTS: usize = 64;

#[derive(Debug)]
pub(crate) struct Batch {
    /// The number of the thread that filled it; known of one that is full.
    pub(crate) thread: u32,
    /// Oldest first; `len() <= BATCH_EVENTS`. Not yet counted.
    pub(crate) events: Vec<Event>,
    /// What was counted on the caller's thread because the channel was full.
    pub(crate) counted: Option<Box<Aggregate>>,
}

impl Batch {
    pub(crate) fn boxed() -> Box<Self> {
        Box::new(Self {
            thread: 0,
            events: Vec::with_capacity(BATCH_EVENTS),
            counted: None,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.counted.is_none()
    }
}
