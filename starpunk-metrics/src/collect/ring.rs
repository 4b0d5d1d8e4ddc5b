//! A buffer that keeps the newest.

use std::collections::VecDeque;

/// Newest last; `len() <= capacity`.
#[derive(Debug)]
pub(crate) struct RingBuffer<T> {
    items: VecDeque<T>,
    capacity: usize,
}

impl<T> RingBuffer<T> {
    /// Grows as it fills: a large capacity costs nothing until it is used.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::new(),
            capacity,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.items.len() >= self.capacity {
            self.items.pop_front();
        }
        if self.items.len() == self.items.capacity() {
            // Doubling, but never beyond the capacity.
            let more = self
                .items
                .len()
                .max(16)
                .min(self.capacity - self.items.len());
            self.items.reserve_exact(more);
        }
        self.items.push_back(item);
        debug_assert!(self.items.len() <= self.capacity);
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_in_order() {
        let mut ring = RingBuffer::new(3);
        (0..10).for_each(|n| ring.push(n));
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [7, 8, 9]);
    }

    #[test]
    fn a_large_capacity_takes_no_memory_before_it_is_used() {
        let mut ring = RingBuffer::new(1_000_000);
        ring.push(1_u8);
        assert!(ring.items.capacity() <= 64);
    }
}
