//! Durations in buckets whose width grows with what they hold: 16 for each power of two of nanoseconds.
//!
//! A percentile read from it is off by at most 1/32 of itself. Histograms add up without loss, which averages of
//! percentiles would not.

use std::time::Duration;

const SUB_BUCKET_BITS: u32 = 4;
const SUB_BUCKETS: u64 = 1 << SUB_BUCKET_BITS;

/// The range of buckets grows by so many at once.
const BLOCK: u32 = 8;

/// A mergeable histogram of durations; it holds only the range of buckets that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// The index of the first bucket in `counts`.
    first: u32,
    counts: Vec<u64>,
    /// The shortest and the longest duration, so that no quantile is beyond them.
    min_nanos: u64,
    max_nanos: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            first: 0,
            counts: Vec::new(),
            min_nanos: u64::MAX,
            max_nanos: 0,
        }
    }
}

impl Histogram {
    /// Adds one duration.
    pub fn record(&mut self, duration: Duration) {
        self.record_nanos(nanos(duration));
    }

    #[inline]
    pub(crate) fn record_nanos(&mut self, nanos: u64) {
        self.min_nanos = self.min_nanos.min(nanos);
        self.max_nanos = self.max_nanos.max(nanos);
        self.add(bucket_index(nanos), 1);
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.min_nanos = self.min_nanos.min(other.min_nanos);
        self.max_nanos = self.max_nanos.max(other.max_nanos);
        for (index, &count) in (other.first..).zip(&other.counts) {
            if count > 0 {
                self.add(index, count);
            }
        }
    }

    /// Returns the shortest duration; zero where it is empty.
    pub(crate) fn min(&self) -> Duration {
        // Where it is empty, that is longer than the longest.
        Duration::from_nanos(self.min_nanos.min(self.max_nanos))
    }

    /// Returns the longest duration; zero where it is empty.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max_nanos)
    }

    /// Returns the number of durations recorded.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the duration below or at which the share `quantile` (0 to 1) of all lies; zero where it is empty.
    ///
    /// The answer is the middle of its bucket, so at most 1/32 away from the true value, and never beyond the shortest or the
    /// longest.
    pub fn quantile(&self, quantile: f64) -> Duration {
        let total = self.count();
        if total == 0 {
            return Duration::ZERO;
        }
        let rank = ((quantile.clamp(0.0, 1.0) * total as f64).ceil() as u64).clamp(1, total);
        let mut seen = 0;
        for (index, &count) in (self.first..).zip(&self.counts) {
            seen += count;
            if seen >= rank {
                let (low, high) = bucket_bounds(index);
                let middle = low + (high - low) / 2;
                return Duration::from_nanos(middle.clamp(self.min_nanos, self.max_nanos));
            }
        }
        Duration::ZERO
    }

    /// Iterates over the used buckets: the largest duration that each holds, and how many it holds.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        (self.first..)
            .zip(&self.counts)
            .filter(|(_, count)| **count > 0)
            .map(|(index, &count)| (Duration::from_nanos(bucket_bounds(index).1), count))
    }

    #[inline]
    fn add(&mut self, index: u32, count: u64) {
        let at = index.wrapping_sub(self.first) as usize;
        match self.counts.get_mut(at) {
            Some(known) => *known += count,
            None => self.add_outside(index, count),
        }
    }

    #[cold]
    fn add_outside(&mut self, index: u32, count: u64) {
        let begin = index / BLOCK * BLOCK;
        if self.counts.is_empty() {
            self.first = begin;
        }
        if begin < self.first {
            let missing = (self.first - begin) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = begin;
        }
        let end = (begin + BLOCK - self.first) as usize;
        if end > self.counts.len() {
            self.counts.reserve_exact(end - self.counts.len());
            self.counts.resize(end, 0);
        }
        self.counts[(index - self.first) as usize] += count;
    }
}

/// A duration in whole nanoseconds; 584 years and more are all the same.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Values below 16 have a bucket each; above, each power of two has 16.
fn bucket_index(nanos: u64) -> u32 {
    if nanos < SUB_BUCKETS {
        return nanos as u32;
    }
    let exponent = nanos.ilog2();
    let sub = (nanos >> (exponent - SUB_BUCKET_BITS)) - SUB_BUCKETS;
    (exponent - SUB_BUCKET_BITS + 1) * SUB_BUCKETS as u32 + sub as u32
}

/// The smallest and the largest value of a bucket.
fn bucket_bounds(index: u32) -> (u64, u64) {
    let index = u64::from(index);
    if index < SUB_BUCKETS {
        return (index, index);
    }
    let shift = index / SUB_BUCKETS - 1;
    let low = (SUB_BUCKETS + index % SUB_BUCKETS) << shift;
    (low, low + ((1 << shift) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_histogram_answers_zero() {
        let empty = Histogram::default();
        assert_eq!(empty.quantile(0.99), Duration::ZERO);
        assert_eq!(empty.count(), 0);
    }

    #[test]
    fn the_longest_duration_there_is_has_a_bucket() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::MAX);
        histogram.record(Duration::ZERO);
        assert_eq!(histogram.count(), 2);
        assert_eq!(histogram.quantile(0.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn every_value_lies_within_the_bounds_of_its_bucket(value: u64) {
            let (low, high) = bucket_bounds(bucket_index(value));
            prop_assert!(low <= value && value <= high);
            prop_assert!(high - low <= low / SUB_BUCKETS);
        }

        #[test]
        fn quantiles_are_off_by_at_most_one_part_in_32(
            mut values in prop::collection::vec(0_u64..10_000_000_000, 1..200),
            quantile in 0.0_f64..=1.0,
        ) {
            let mut histogram = Histogram::default();
            for &value in &values {
                histogram.record(Duration::from_nanos(value));
            }
            values.sort_unstable();
            let rank = ((quantile * values.len() as f64).ceil() as usize).max(1);
            let exact = values[rank - 1];
            let told = nanos(histogram.quantile(quantile));
            prop_assert!(told.abs_diff(exact) <= exact / 32 + 1, "{told} for {exact}");
        }

        #[test]
        fn merging_is_recording_both(
            left in prop::collection::vec(any::<u64>(), 0..50),
            right in prop::collection::vec(any::<u64>(), 0..50),
        ) {
            let of = |values: &[u64]| {
                let mut histogram = Histogram::default();
                values.iter().for_each(|&value| histogram.record(Duration::from_nanos(value)));
                histogram
            };
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let both = of(&[left, right].concat());
            prop_assert_eq!(merged.buckets().collect::<Vec<_>>(), both.buckets().collect::<Vec<_>>());
        }
    }
}
