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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// Throws the same for ever: it stands where there is no place for chance yet.
    pub(crate) const UNSEEDED: Self = Self { state: 0 };

    /// Seeded by the keys of the standard hasher, which differ between threads and runs.
    pub(crate) fn seeded() -> Self {
        let state = RandomState::new().hash_one(0) | 1;
        Self { state }
    }

    #[inline]
    fn throw(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_keeps_its_share() {
        let kept = |rate: f64| {
            let dice = Cell::new(Dice::seeded());
            let rate = SamplingRate::new(rate);
            (0..100_000).filter(|_| rate.keeps(&dice)).count()
        };
        assert_eq!(kept(0.0), 0);
        assert_eq!(kept(1.0), 100_000);
        // Eight standard deviations.
        assert!((9_240..10_760).contains(&kept(0.1)));
    }
}
