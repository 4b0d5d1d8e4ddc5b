//! Which annotated functions are running on this thread, so that a recursion's time is counted once.
//!
//! Calls on a thread end in the reverse order of their beginning: a future enters and leaves with each of its polls. So a slot
//! is not given back while a place that found it taken is running.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

use crate::model::callsite::Callsite;

/// More places than run inside each other anywhere; a power of two.
const SLOTS: usize = 64;

/// The places that are running, each by the outermost of its calls.
#[derive(Debug)]
pub(crate) struct Depths {
    /// By the index of the place, as far as it goes.
    slots: [Cell<Option<&'static Callsite>>; SLOTS],
    /// Those whose slot was taken by another place. It gives its memory back when the last of them ends: so a thread has nothing
    /// to drop here, and need not be asked at each call whether it has dropped it.
    others: ManuallyDrop<RefCell<Vec<&'static Callsite>>>,
}

/// What a call is to those that were running when it began: the number of its slot, and these two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Depth(u8);

/// Inside another of its place.
const NESTED: u8 = 64;
/// The first of its place, whose slot was taken.
const OF_OTHERS: u8 = 128;

impl Depth {
    #[inline]
    pub(crate) fn is_nested(self) -> bool {
        self.0 & NESTED != 0
    }

    #[inline]
    fn slot(self) -> usize {
        usize::from(self.0) % SLOTS
    }

    #[inline]
    pub(crate) fn to_byte(self) -> u8 {
        self.0
    }

    /// What [`Depth::to_byte`] has told.
    #[inline]
    pub(crate) fn from_byte(byte: u8) -> Self {
        Self(byte)
    }
}

impl Depths {
    pub(crate) const fn new() -> Self {
        Self {
            slots: [const { Cell::new(None) }; SLOTS],
            others: ManuallyDrop::new(RefCell::new(Vec::new())),
        }
    }

    /// One more is running.
    #[inline]
    pub(crate) fn enter(&self, site: &'static Callsite) -> Depth {
        let number = site.index() % SLOTS;
        let slot = &self.slots[number];
        let depth = Depth(number as u8);
        match slot.get() {
            None => {
                slot.set(Some(site));
                depth
            }
            Some(running) if std::ptr::eq(running, site) => Depth(depth.0 | NESTED),
            Some(_) => self.enter_others(site, depth),
        }
    }

    /// One fewer is running; `depth` is what [`Depths::enter`] returned for it.
    #[inline]
    pub(crate) fn leave(&self, site: &'static Callsite, depth: Depth) {
        match depth.0 & (NESTED | OF_OTHERS) {
            0 => self.slots[depth.slot()].set(None),
            OF_OTHERS => self.leave_others(site),
            _ => {}
        }
    }

    #[cold]
    fn enter_others(&self, site: &'static Callsite, depth: Depth) -> Depth {
        let mut others = self.others.borrow_mut();
        if others.iter().any(|running| std::ptr::eq(*running, site)) {
            return Depth(depth.0 | NESTED);
        }
        others.push(site);
        Depth(depth.0 | OF_OTHERS)
    }

    #[cold]
    fn leave_others(&self, site: &'static Callsite) {
        let mut others = self.others.borrow_mut();
        others.retain(|running| !std::ptr::eq(*running, site));
        if others.is_empty() {
            *others = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::callsite::CallKind;

    #[test]
    fn places_that_share_a_slot_are_told_apart() {
        let sites: Vec<&'static Callsite> = (0..3 * SLOTS)
            .map(|_| &*Box::leak(Box::new(Callsite::new(CallKind::Business, || "site"))))
            .collect();
        let depths = Depths::new();
        let first: Vec<Depth> = sites.iter().map(|site| depths.enter(site)).collect();
        assert!(!first.iter().any(|depth| depth.is_nested()));
        assert!(first.iter().any(|depth| depth.0 & OF_OTHERS != 0));
        for site in &sites {
            let inside = depths.enter(site);
            assert!(inside.is_nested());
            depths.leave(site, inside);
        }
        for (site, depth) in sites.iter().zip(&first).rev() {
            depths.leave(site, *depth);
        }
        let again = depths.enter(sites[SLOTS * 2]);
        assert_eq!(again.0 & (NESTED | OF_OTHERS), 0);
        assert_eq!(depths.others.borrow().capacity(), 0);
    }
}
