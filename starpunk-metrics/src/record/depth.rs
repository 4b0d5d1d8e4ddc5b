//! Which annotated functions are running on this thread, so that a recursion's time is counted once.
//!
//! Calls on a thread end in the reverse order of their beginning: a future enters and leaves with each of its polls. So a slot
//! is not given back while a place that found it taken is running.

use std::cell::{Cell, RefCell};

use crate::model::callsite::Callsite;

/// More places than run inside each other anywhere; a power of two.
const SLOTS: usize = 64;

/// The places that are running, each by the outermost of its calls.
#[derive(Debug)]
pub(crate) struct Depths {
    /// By the index of the place, as far as it goes.
    slots: [Cell<Option<&'static Callsite>>; SLOTS],
    /// Those whose slot was taken by another place.
    others: RefCell<Vec<&'static Callsite>>,
}

/// What a call is to those that were running when it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The first of its place, in its slot.
    #[default]
    Outermost,
    /// The first of its place, whose slot was taken.
    OutermostOfOthers,
    /// Inside another of its place.
    Nested,
}

impl Depths {
    pub(crate) const fn new() -> Self {
        Self {
            slots: [const { Cell::new(None) }; SLOTS],
            others: RefCell::new(Vec::new()),
        }
    }

    /// One more is running.
    #[inline]
    pub(crate) fn enter(&self, site: &'static Callsite) -> Depth {
        let slot = &self.slots[site.index() % SLOTS];
        match slot.get() {
            None => {
                slot.set(Some(site));
                Depth::Outermost
            }
            Some(running) if std::ptr::eq(running, site) => Depth::Nested,
            Some(_) => self.enter_others(site),
        }
    }

    /// One fewer is running; `depth` is what [`Depths::enter`] returned for it.
    #[inline]
    pub(crate) fn leave(&self, site: &'static Callsite, depth: Depth) {
        match depth {
            Depth::Outermost => self.slots[site.index() % SLOTS].set(None),
            Depth::OutermostOfOthers => self.leave_others(site),
            Depth::Nested => {}
        }
    }

    #[cold]
    fn enter_others(&self, site: &'static Callsite) -> Depth {
        let mut others = self.others.borrow_mut();
        if others.iter().any(|running| std::ptr::eq(*running, site)) {
            return Depth::Nested;
        }
        others.push(site);
        Depth::OutermostOfOthers
    }

    #[cold]
    fn leave_others(&self, site: &'static Callsite) {
        let mut others = self.others.borrow_mut();
        others.retain(|running| !std::ptr::eq(*running, site));
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
        assert!(first.iter().all(|depth| *depth != Depth::Nested));
        assert!(first.contains(&Depth::OutermostOfOthers));
        for site in &sites {
            assert_eq!(depths.enter(site), Depth::Nested);
            depths.leave(site, Depth::Nested);
        }
        for (site, depth) in sites.iter().zip(&first).rev() {
            depths.leave(site, *depth);
        }
        assert_eq!(depths.enter(sites[SLOTS * 2]), Depth::Outermost);
    }
}
