//! Which ordinary operations keep their record, by chance. Either side of the channel decides, each with a state of its own.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// The share of ordinary records to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SamplingRate {
    /// As a part of 2^64; `None` keeps all.
    below: Option<u64>,
}

impl SamplingRate {
    /// Keeps this share, 0 to 1.
    pub(crate) const fn new(rate: f64) -> Self {
        const ALL: f64 = 18_446_744_073_709_551_616.0;
        Self {
            // A float above 2^64 saturates, which is what a rate just below 1 means.
            below: if rate < 1.0 {
                Some((rate * ALL) as u64)
            } else {
                None
            },
        }
    }

    /// Throws the dice for one record.
    #[inline]
    pub(crate) fn keeps(self, dice: &Cell<Dice>) -> bool {
        let Some(below) = self.below else { return true };
        let mut thrown = dice.get();
        let value = thrown.throw();
        dice.set(thrown);
        value < below
    }
}

/// xorshift64* (Vigna 2016): fair enough for sampling, and a few instructions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dice {
    /// 0 until it is thrown for the first time.
    state: u64,
}

impl Dice {
    pub(crate) const fn new() -> Self {
        Self { state: 0 }
    }

    #[inline]
    fn throw(&mut self) -> u64 {
        if self.state == 0 {
            self.state = seed();
        }
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

/// By the keys of the standard hasher, which differ between threads and runs.
#[cold]
fn seed() -> u64 {
    RandomState::new().hash_one(0) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_keeps_its_share() {
        let kept = |rate: f64| {
            let dice = Cell::new(Dice::new());
            let rate = SamplingRate::new(rate);
            (0..100_000).filter(|_| rate.keeps(&dice)).count()
        };
        assert_eq!(kept(0.0), 0);
        assert_eq!(kept(1.0), 100_000);
        // Eight standard deviations.
        assert!((9_240..10_760).contains(&kept(0.1)));
    }
}
