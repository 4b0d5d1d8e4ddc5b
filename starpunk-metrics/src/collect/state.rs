//! What the collector has gathered: the counts, and the two buffers of records.

use std::time::{Duration, SystemTime};

use crate::collect::ring::RingBuffer;
use crate::model::aggregate::Aggregate;
use crate::model::callsite::CallKind;
use crate::model::clock::Anchor;
use crate::model::event::Event;
use crate::model::policy::{Policy, Verdict};
use crate::model::sampling::{Dice, SamplingRate};

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
    sampling: SamplingRate,
    dice: Dice,
}

impl State {
    pub(crate) fn new(buffer_size: usize, sampling_rate: f64) -> Self {
        Self {
            aggregate: Aggregate::default(),
            recent: RingBuffer::new(buffer_size),
            forced: RingBuffer::new(buffer_size),
            sampling: SamplingRate::new(sampling_rate),
            dice: Dice::new(),
        }
    }

    /// Counts one event, and keeps its record if it must or may be kept.
    pub(crate) fn observe(&mut self, event: Event, policy: &Policy, anchor: &Anchor) {
        let verdict = policy.judge(&event);
        self.aggregate.observe(&event, &verdict);
        if verdict.forced || (counts_as_operation(&event) && self.sampling.keeps(&mut self.dice)) {
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

/// An annotated query whose statements were seen is told by them: it is no operation of its own.
fn counts_as_operation(event: &Event) -> bool {
    match event {
        Event::Call(call) => call.site.kind() == CallKind::Business || call.statements == 0,
        Event::Statement(_) | Event::Request(_) => true,
    }
}
