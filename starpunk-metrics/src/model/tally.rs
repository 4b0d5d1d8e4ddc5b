//! The measures of one series: counts by outcome, sums, extremes and a histogram. Tallies add up.

use std::time::Duration;

use crate::model::histogram::Histogram;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::model::policy::Verdict;

/// How many error classes a series tells apart; the rest are counted as `other`.
const MAX_ERROR_CLASSES: usize = 16;

/// The measures of one series of operations.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    outcomes: [OutcomeTally; OutcomeKind::ALL.len()],
    error_classes: Vec<(&'static str, u64)>,
    slow: u64,
    forced: u64,
    nested: u64,
    untimed: u64,
    /// Of all that are timed; it knows the shortest and the longest too.
    histogram: Histogram,
}

#[derive(Clone, Copy, Debug, Default)]
struct OutcomeTally {
    count: u64,
    total_nanos: u64,
}

impl Tally {
    /// Returns how many operations there were.
    pub fn count(&self) -> u64 {
        self.outcomes.iter().map(|outcome| outcome.count).sum()
    }

    /// Returns how many ended well.
    pub fn ok(&self) -> u64 {
        self.outcomes[OutcomeKind::Ok as usize].count
    }

    /// Returns how many ended with an error or a panic.
    pub fn errors(&self) -> u64 {
        self.outcomes[OutcomeKind::Error as usize].count + self.panics()
    }

    /// Returns how many panicked.
    pub fn panics(&self) -> u64 {
        self.outcomes[OutcomeKind::Panic as usize].count
    }

    /// Returns how many were dropped before they were done.
    pub fn cancelled(&self) -> u64 {
        self.outcomes[OutcomeKind::Cancelled as usize].count
    }

    /// Returns the errors by class, at most 16 of them and `other`.
    pub fn error_classes(&self) -> &[(&'static str, u64)] {
        &self.error_classes
    }

    /// Returns how many took at least their threshold.
    pub fn slow(&self) -> u64 {
        self.slow
    }

    /// Returns how many were forced: kept in the buffer whatever the sampling rate.
    pub fn forced(&self) -> u64 {
        self.forced
    }

    /// Returns how many were calls inside another of the same function: a recursion's, but for the outermost.
    pub fn nested(&self) -> u64 {
        self.nested
    }

    /// Returns how many have no duration that says anything, as event streams and upgrades: they are counted, and that is all.
    pub fn untimed(&self) -> u64 {
        self.untimed
    }

    /// Returns the sum of all durations; of a recursion that of the outermost call, which has the others in it.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.total_nanos())
    }

    /// Returns the part of [`Tally::total`] that ended as `outcome` did; the class of an error makes no difference.
    pub fn total_of(&self, outcome: Outcome) -> Duration {
        Duration::from_nanos(self.outcomes[OutcomeKind::from(outcome) as usize].total_nanos)
    }

    /// Returns the mean duration, nested calls and what is untimed left out; zero where there was no operation.
    pub fn mean(&self) -> Duration {
        let mean = self
            .total_nanos()
            .checked_div(self.count() - self.nested - self.untimed);
        Duration::from_nanos(mean.unwrap_or(0))
    }

    /// Returns the shortest duration; zero where there was no operation.
    pub fn min(&self) -> Duration {
        self.histogram.min()
    }

    /// Returns the longest duration; zero where there was no operation.
    pub fn max(&self) -> Duration {
        self.histogram.max()
    }

    /// Returns a quantile between 0 and 1, at most 1/32 off; never outside `min..=max`.
    pub fn quantile(&self, quantile: f64) -> Duration {
        self.histogram.quantile(quantile)
    }

    /// Returns the histogram of all durations.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    fn total_nanos(&self) -> u64 {
        self.outcomes.iter().fold(0, |sum: u64, outcome| {
            sum.saturating_add(outcome.total_nanos)
        })
    }

    #[inline]
    pub(crate) fn observe(&mut self, outcome: Outcome, verdict: &Verdict) {
        if let Outcome::Error(class) = outcome {
            self.count_class(class, 1);
        }
        let slot = &mut self.outcomes[OutcomeKind::from(outcome) as usize];
        slot.count += 1;
        self.slow += u64::from(verdict.slow);
        self.forced += u64::from(verdict.forced);
        if verdict.untimed {
            self.untimed += 1;
            return;
        }
        let nanos = verdict.nanos;
        if verdict.nested {
            self.nested += 1;
        } else {
            slot.total_nanos = slot.total_nanos.saturating_add(nanos);
        }
        self.histogram.record_nanos(nanos);
    }

    /// The same operations, each inside another of the same place.
    pub(crate) fn nested_all(&self) -> Self {
        let mut nested = self.clone();
        nested.nested = self.count() - self.untimed;
        for outcome in &mut nested.outcomes {
            outcome.total_nanos = 0;
        }
        nested
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.outcomes.iter_mut().zip(&other.outcomes) {
            mine.count += theirs.count;
            mine.total_nanos = mine.total_nanos.saturating_add(theirs.total_nanos);
        }
        for &(class, count) in &other.error_classes {
            self.count_class(class, count);
        }
        self.slow += other.slow;
        self.forced += other.forced;
        self.nested += other.nested;
        self.untimed += other.untimed;
        self.histogram.merge(&other.histogram);
    }

    fn count_class(&mut self, class: &'static str, count: u64) {
        let known = self
            .error_classes
            .iter()
            .position(|(name, _)| *name == class);
        match known {
            Some(at) => self.error_classes[at].1 += count,
            None if self.error_classes.len() < MAX_ERROR_CLASSES || class == "other" => {
                self.error_classes.push((class, count));
            }
            None => self.count_class("other", count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(nanos: u64) -> Verdict {
        Verdict {
            nanos,
            slow: nanos >= 1_000,
            forced: nanos >= 1_000,
            nested: false,
            blocking: false,
            untimed: false,
        }
    }

    #[test]
    fn an_empty_tally_answers_zero() {
        let tally = Tally::default();
        assert_eq!(tally.count(), 0);
        assert_eq!(tally.min(), Duration::ZERO);
        assert_eq!(tally.mean(), Duration::ZERO);
        assert_eq!(tally.quantile(0.5), Duration::ZERO);
    }

    #[test]
    fn a_tally_counts_by_outcome_and_class() {
        let mut tally = Tally::default();
        tally.observe(Outcome::Ok, &verdict(100));
        tally.observe(Outcome::Error("busy"), &verdict(300));
        tally.observe(Outcome::Error("busy"), &verdict(2_000));
        tally.observe(Outcome::Panic, &verdict(400));
        tally.observe(Outcome::Cancelled, &verdict(200));
        assert_eq!(tally.count(), 5);
        assert_eq!((tally.ok(), tally.errors(), tally.panics()), (1, 3, 1));
        assert_eq!(tally.cancelled(), 1);
        assert_eq!(tally.error_classes(), [("busy", 2)]);
        assert_eq!(tally.slow(), 1);
        assert_eq!(tally.min(), Duration::from_nanos(100));
        assert_eq!(tally.max(), Duration::from_nanos(2_000));
        assert_eq!(tally.mean(), Duration::from_nanos(600));
    }

    #[test]
    fn a_nested_call_is_counted_and_its_time_is_not() {
        let mut tally = Tally::default();
        let nested = Verdict {
            nested: true,
            ..verdict(300)
        };
        tally.observe(Outcome::Error("busy"), &nested);
        tally.observe(Outcome::Ok, &verdict(500));
        assert_eq!((tally.count(), tally.nested()), (2, 1));
        assert_eq!(tally.total(), Duration::from_nanos(500));
        assert_eq!(tally.total_of(Outcome::Error("")), Duration::ZERO);
        assert_eq!(tally.mean(), Duration::from_nanos(500));
        assert_eq!(tally.min(), Duration::from_nanos(300));
        assert_eq!(tally.histogram().count(), 2);
    }

    #[test]
    fn error_classes_beyond_the_cap_are_counted_together() {
        let names: Vec<&'static str> = (0..40)
            .map(|n| &*Box::leak(format!("class{n}").into_boxed_str()))
            .collect();
        let mut tally = Tally::default();
        for name in names {
            tally.observe(Outcome::Error(name), &verdict(1));
        }
        assert_eq!(tally.error_classes().len(), MAX_ERROR_CLASSES + 1);
        assert_eq!(tally.error_classes().last(), Some(&("other", 24)));
    }
}
