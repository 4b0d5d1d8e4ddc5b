//! Numbers that look random, and come again with the same seed.

/// The generator xorshift64*: <https://vigna.di.unimi.it/ftp/papers/xorshift.pdf>.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of one of many throwers: each has others, and all of them depend on the seed.
    pub(super) fn new(seed: u64, thrower: u64) -> Self {
        // Neighbouring seeds are spread out, as splitmix64 does; zero would stay zero.
        let mixed = seed
            .wrapping_add(thrower.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_mul(0xBF58_476D_1CE4_E5B9);
        Self((mixed ^ (mixed >> 27)) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Other dice, which depend on these.
    pub(super) fn fork(&mut self) -> Self {
        let seed = self.next();
        Self::new(seed, 0)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The high bits are the better ones.
        (self.next() >> 16) % limit
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}
