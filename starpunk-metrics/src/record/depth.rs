//! Which annotated functions are running on this thread, so that a recursion's time is counted once.
//!
//! Calls on a thread end in the reverse order of their beginning: a future enters and leaves with each of its polls. So what
//! runs is a stack, and how high it was before a call is all that the call's end has to put back.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

use crate::model::callsite::Callsite;

/// More places than run inside each other anywhere.
const SLOTS: usize = 64;

/// The places that are running, each by the outermost of its calls.
#[derive(Debug)]
pub(crate) struct Depths {
    /// How many there are.
    height: Cell<u32>,
    /// The first of them; what lies beyond the height is over.
    slots: [Cell<Option<&'static Callsite>>; SLOTS],
    /// The rest, with what is over until the next one comes. Its memory is given back with [`Depths::clear`]: so a thread has
    /// nothing to drop here, and need not be asked at each call whether it has dropped it.
    others: ManuallyDrop<RefCell<Vec<&'static Callsite>>>,
}

/// How it was before a call, and what the call is to those that were running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    height: u32,
    /// Inside another of its place.
    pub(crate) is_nested: bool,
}

impl Depths {
    pub(crate) const fn new() -> Self {
        Self {
            height: Cell::new(0),
            slots: [const { Cell::new(None) }; SLOTS],
            others: ManuallyDrop::new(RefCell::new(Vec::new())),
        }
    }

    /// One more is running.
    #[inline]
    pub(crate) fn enter(&self, site: &'static Callsite) -> Depth {
        let height = self.height.get();
        if height > 0 {
            return self.enter_inside(site, height);
        }
        self.slots[0].set(Some(site));
        self.height.set(1);
        Depth::default()
    }

    /// One fewer is running; `before` is what [`Depths::enter`] returned for it.
    #[inline]
    pub(crate) fn leave(&self, before: Depth) {
        self.height.set(before.height);
    }

    #[inline(never)]
    fn enter_inside(&self, site: &'static Callsite, height: u32) -> Depth {
        let first = self.slots.iter().take(height as usize);
        let mut first = first.rev().filter_map(Cell::get);
        let is_nested = first.any(|running| std::ptr::eq(running, site))
            || (height as usize > SLOTS && self.is_among_others(site, height));
        if !is_nested {
            match self.slots.get(height as usize) {
                Some(slot) => slot.set(Some(site)),
                None => self.push_other(site, height),
            }
            self.height.set(height + 1);
        }
        Depth { height, is_nested }
    }

    #[cold]
    fn is_among_others(&self, site: &'static Callsite, height: u32) -> bool {
        let others = self.others.borrow();
        let mut running = others.iter().take(height as usize - SLOTS);
        running.any(|running| std::ptr::eq(*running, site))
    }

    #[cold]
    fn push_other(&self, site: &'static Callsite, height: u32) {
        let mut others = self.others.borrow_mut();
        others.truncate(height as usize - SLOTS);
        others.push(site);
    }

    /// Gives back the memory that a thread may have left.
    pub(crate) fn clear(&self) {
        self.others.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::callsite::CallKind;

    #[test]
    fn each_place_is_found_however_many_run() {
        let sites: Vec<&'static Callsite> = (0..3 * SLOTS)
            .map(|_| &*Box::leak(Box::new(Callsite::new(CallKind::Business, || "site"))))
            .collect();
        let depths = Depths::new();
        for _ in 0..2 {
            let first: Vec<Depth> = sites.iter().map(|site| depths.enter(site)).collect();
            assert!(!first.iter().any(|depth| depth.is_nested));
            for site in &sites {
                let inside = depths.enter(site);
                assert!(inside.is_nested);
                depths.leave(inside);
            }
            // What is over is found no more.
            for (site, before) in sites.iter().zip(&first).rev() {
                depths.leave(*before);
                let again = depths.enter(site);
                assert!(!again.is_nested);
                depths.leave(again);
            }
            assert_eq!(depths.height.get(), 0);
        }
        depths.clear();
        assert_eq!(depths.others.borrow().capacity(), 0);
    }
}
