//! A buffer that keeps the newest.

/// `items.len() <= capacity`; as long as that is less, nothing was replaced, and they are in their order.
#[derive(Debug)]
pub(crate) struct RingBuffer<T> {
    items: Vec<T>,
    /// Where the oldest is, which the next one replaces.
    oldest: usize,
    capacity: usize,
}

impl<T> RingBuffer<T> {
    /// Grows as it fills: a large capacity costs nothing until it is used.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: Vec::new(),
            oldest: 0,
            capacity,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        if self.items.len() < self.capacity {
            return self.append(item);
        }
        // There is none where the capacity is 0.
        if let Some(oldest) = self.items.get_mut(self.oldest) {
            *oldest = item;
            self.next();
        }
    }

    /// The same, for who has a use for the one that gives way.
    pub(crate) fn replace(&mut self, item: T) -> Option<T> {
        if self.items.len() < self.capacity {
            self.append(item);
            return None;
        }
        let oldest = self.items.get_mut(self.oldest)?;
        let replaced = std::mem::replace(oldest, item);
        self.next();
        Some(replaced)
    }

    #[inline]
    fn next(&mut self) {
        self.oldest += 1;
        if self.oldest == self.capacity {
            self.oldest = 0;
        }
    }

    fn append(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            // Doubling, but never beyond the capacity.
            let more = self
                .items
                .len()
                .max(16)
                .min(self.capacity - self.items.len());
            self.items.reserve_exact(more);
        }
        self.items.push(item);
        debug_assert!(self.items.len() <= self.capacity);
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let (newer, older) = self.items.split_at(self.oldest);
        older.iter().chain(newer)
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
    fn who_replaces_is_given_the_oldest() {
        let mut ring = RingBuffer::new(2);
        let replaced: Vec<Option<i32>> = (0..5).map(|n| ring.replace(n)).collect();
        assert_eq!(replaced, [None, None, Some(0), Some(1), Some(2)]);
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [3, 4]);
        assert_eq!(RingBuffer::new(0).replace(1), None);
    }

    #[test]
    fn a_large_capacity_takes_no_memory_before_it_is_used() {
        let mut ring = RingBuffer::new(1_000_000);
        ring.push(1_u8);
        assert!(ring.items.capacity() <= 64);
    }
}
