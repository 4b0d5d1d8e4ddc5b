//! What the collector has gathered: the counts, and the two buffers of records.

use std::time::{Duration, SystemTime};

use crate::collect::ring::RingBuffer;
use crate::model::aggregate::Aggregate;
use crate::model::callsite::CallKind;
use crate::model::clock::Anchor;
use crate::model::event::Event;
use crate::model::policy::{Policy, Verdict};

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
    sampler: Sampler,
}

impl State {
    pub(crate) fn new(buffer_size: usize, sampling_rate: f64) -> Self {
        Self {
            aggregate: Aggregate::default(),
            recent: RingBuffer::new(buffer_size),
            forced: RingBuffer::new(buffer_size),
            sampler: Sampler::new(sampling_rate),
        }
    }

    /// Counts one event, and keeps its record if it must or may be kept.
    pub(crate) fn observe(&mut self, event: Event, policy: &Policy, anchor: &Anchor) {
        let verdict = policy.judge(&event);
        self.aggregate.observe(&event, &verdict);
        if verdict.forced || (counts_as_operation(&event) && self.sampler.keeps()) {
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

/// Decides by chance which ordinary records are kept.
#[derive(Debug)]
struct Sampler {
    /// The share to keep, as a part of 2^64; `None` keeps all.
    below: Option<u64>,
    state: u64,
}

impl Sampler {
    fn new(rate: f64) -> Self {
        // Any seed but 0 will do; the address-like id of this run makes runs differ.
        let seed = uuid::Uuid::new_v4().as_u64_pair().0 | 1;
        Self {
            // A float above 2^64 saturates, which is what a rate just below 1 means.
            below: (rate < 1.0).then_some((rate * 2_f64.powi(64)) as u64),
            state: seed,
        }
    }

    /// xorshift64* (Vigna 2016): fair enough for sampling, and a few instructions.
    fn keeps(&mut self) -> bool {
        let Some(below) = self.below else {
            return true;
        };
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) < below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_keeps_its_share() {
        let kept = |rate: f64| {
            let mut sampler = Sampler::new(rate);
            (0..100_000).filter(|_| sampler.keeps()).count()
        };
        assert_eq!(kept(0.0), 0);
        assert_eq!(kept(1.0), 100_000);
        // Eight standard deviations.
        assert!((9_240..10_760).contains(&kept(0.1)));
    }
}
