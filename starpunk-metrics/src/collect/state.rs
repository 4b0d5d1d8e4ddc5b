//! What the collector has gathered: the counts, and the two buffers of records.

use std::time::{Duration, SystemTime};

use crate::collect::ring::RingBuffer;
use crate::model::aggregate::Aggregate;
use crate::model::clock::Anchor;
use crate::model::event::Event;
use crate::model::policy::{Policy, Verdict};
use crate::model::sampling::Dice;

/// One kept operation, in the form in which it came; names are looked up when it is read.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) event: Event,
    pub(crate) duration: Duration,
    pub(crate) ended_at: SystemTime,
    pub(crate) forced: bool,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) aggregate: Aggregate,
    /// Ordinary operations that the sampling kept.
    recent: RingBuffer<Record>,
    /// Forced ones have a buffer of their own: a flood of ordinary operations cannot push them out.
    forced: RingBuffer<Record>,
    dice: Dice,
}

impl State {
    pub(crate) fn new(buffer_size: usize) -> Self {
        Self {
            aggregate: Aggregate::default(),
            recent: RingBuffer::new(buffer_size),
            forced: RingBuffer::new(buffer_size),
            dice: Dice::new(),
        }
    }

    /// Counts one event, and keeps its record if it must or may be kept.
    pub(crate) fn observe(&mut self, event: Event, policy: &Policy, anchor: &Anchor) {
        let verdict = policy.judge(&event);
        self.aggregate.observe(&event, &verdict);
        if verdict.forced || self.samples(&event, policy) {
            self.keep(event, &verdict, anchor);
        }
    }

    /// Keeps a forced event that its own thread has counted already.
    pub(crate) fn keep_counted(&mut self, event: Event, policy: &Policy, anchor: &Anchor) {
        let verdict = policy.judge(&event);
        self.keep(event, &verdict, anchor);
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.recent.iter().chain(self.forced.iter())
    }

    pub(crate) fn buffered(&self) -> usize {
        self.recent.len() + self.forced.len()
    }

    /// Whether the record of an ordinary event is kept.
    fn samples(&mut self, event: &Event, policy: &Policy) -> bool {
        match event {
            // Its own thread has thrown the dice. A query whose statements tell of it has nothing to add, but its fields.
            Event::Call(call) => call.sampled && (call.is_operation() || call.has_fields()),
            Event::Statement(_) | Event::Request(_) => policy.sampling.keeps(&mut self.dice),
        }
    }

    fn keep(&mut self, event: Event, verdict: &Verdict, anchor: &Anchor) {
        let ring = if verdict.forced {
            &mut self.forced
        } else {
            &mut self.recent
        };
        ring.push(Record {
            ended_at: anchor.wall_time(event.end()),
            event,
            duration: verdict.duration,
            forced: verdict.forced,
        });
    }
}
