//! In which order the contenders have their turns.

/// An order of its own for each round, so that nobody always follows the same one; the same orders in every run.
#[derive(Debug)]
pub struct Orders {
    order: Vec<usize>,
    /// Of xorshift64 (Marsaglia 2003).
    state: u64,
}

impl Orders {
    /// Of so many contenders.
    pub fn of(contenders: usize) -> Self {
        Self {
            order: (0..contenders).collect(),
            state: 0x2545_F491_4F6C_DD1D,
        }
    }

    /// The next round's.
    pub fn shuffled(&mut self) -> Vec<usize> {
        // Fisher and Yates's.
        for last in (1..self.order.len()).rev() {
            let other = self.below(last + 1);
            self.order.swap(last, other);
        }
        self.order.clone()
    }

    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % end as u64) as usize
    }
}
