//! Which annotated functions are running on this thread, so that a recursion's time is counted once.

use std::cell::RefCell;

use crate::model::callsite::Callsite;

/// How often each place is running, by its index; as long as the highest index seen.
#[derive(Debug)]
pub(crate) struct Depths(RefCell<Vec<u32>>);

impl Depths {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// One more is running; tells whether one was already.
    #[inline]
    pub(crate) fn enter(&self, site: &'static Callsite) -> bool {
        let Ok(mut depths) = self.0.try_borrow_mut() else {
            return false;
        };
        let index = site.index();
        if index >= depths.len() {
            grow(&mut depths, index);
        }
        depths[index] += 1;
        depths[index] > 1
    }

    /// One fewer is running.
    #[inline]
    pub(crate) fn leave(&self, site: &'static Callsite) {
        let Ok(mut depths) = self.0.try_borrow_mut() else {
            return;
        };
        if let Some(depth) = depths.get_mut(site.index()) {
            *depth = depth.saturating_sub(1);
        }
    }
}

#[cold]
fn grow(depths: &mut Vec<u32>, index: usize) {
    depths.resize(index + 1, 0);
}
