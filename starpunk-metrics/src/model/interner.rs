//! Names that are only known while the program runs, each as a small number; bounded, with one entry for the rest.
//!
//! Recording threads come here once per new name and keep the number; a lock is then no cost that anyone sees.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of the entry that stands for every name beyond the cap.
pub(crate) const OVERFLOW: u32 = 0;

#[derive(Debug)]
pub(crate) struct Interner<T> {
    cap: usize,
    max_bytes: usize,
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    /// `entries[OVERFLOW]` is the overflow entry; `numbers` holds all others.
    entries: Vec<Arc<T>>,
    numbers: HashMap<Box<str>, u32>,
    /// Of all names together.
    bytes: usize,
    refused: u64,
}

impl<T> Interner<T> {
    /// Holds at most `cap` names of at most `max_bytes` together, beside the overflow entry.
    pub(crate) fn new(cap: usize, max_bytes: usize, overflow: T) -> Self {
        Self {
            cap,
            max_bytes,
            inner: Mutex::new(Inner {
                entries: vec![Arc::new(overflow)],
                numbers: HashMap::new(),
                bytes: 0,
                refused: 0,
            }),
        }
    }

    /// Returns the number of `name`, making its entry at the first sight; [`OVERFLOW`] beyond the cap.
    pub(crate) fn intern(&self, name: &str, make: impl FnOnce() -> T) -> u32 {
        let mut inner = self.lock();
        if let Some(&number) = inner.numbers.get(name) {
            return number;
        }
        if inner.numbers.len() >= self.cap || inner.bytes + name.len() > self.max_bytes {
            inner.refused += 1;
            return OVERFLOW;
        }
        let number = u32::try_from(inner.entries.len()).unwrap_or(OVERFLOW);
        inner.bytes += name.len();
        inner.entries.push(Arc::new(make()));
        inner.numbers.insert(name.into(), number);
        number
    }

    pub(crate) fn get(&self, number: u32) -> Arc<T> {
        let inner = self.lock();
        let entry = inner.entries.get(number as usize);
        Arc::clone(entry.unwrap_or(&inner.entries[OVERFLOW as usize]))
    }

    /// Looks at every entry and its number.
    pub(crate) fn for_each(&self, mut look: impl FnMut(u32, &T)) {
        for (number, entry) in (0..).zip(&self.lock().entries) {
            look(number, entry);
        }
    }

    /// Counts a name that was refused for another reason than this table's room.
    pub(crate) fn refuse(&self) {
        self.lock().refused += 1;
    }

    /// How often a name was refused because the table was full.
    pub(crate) fn refused(&self) -> u64 {
        self.lock().refused
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        // A panic elsewhere leaves the table whole: every change is one push and one insert.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_the_rest_share_one() {
        let table = Interner::new(2, 100, "other".to_owned());
        let intern = |name: &str| table.intern(name, || name.to_owned());
        let (one, two) = (intern("one"), intern("two"));
        assert_ne!(one, two);
        assert_eq!(intern("one"), one);
        assert_eq!(intern("three"), OVERFLOW);
        assert_eq!(*table.get(two), "two");
        assert_eq!(*table.get(OVERFLOW), "other");
        assert_eq!(*table.get(99), "other");
        assert_eq!(table.refused(), 1);
    }

    #[test]
    fn long_names_share_the_room_there_is() {
        let table = Interner::new(100, 10, String::new());
        let intern = |name: &str| table.intern(name, || name.to_owned());
        assert_ne!(intern("12345678"), OVERFLOW);
        assert_eq!(intern("more"), OVERFLOW);
        assert_ne!(intern("no"), OVERFLOW);
    }
}
