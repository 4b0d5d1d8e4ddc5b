//! Times one call of an annotated function that may run on more than one thread, or with pauses: a future's.

use crate::model::callsite::Callsite;
use crate::model::clock::Ticks;
use crate::model::event::Polls;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::call::{self, Before, Ended};

/// A running call. Nothing is recorded of it before [`Timer::stop`].
#[derive(Debug)]
pub(crate) struct Timer {
    site: &'static Callsite,
    start: Ticks,
    /// Database operations inside, as far as they are known.
    statements: u32,
    nested: bool,
    has_begun: bool,
    /// What becomes of the call if it is dropped now.
    pub(crate) interrupted: OutcomeKind,
}

impl Timer {
    #[inline]
    pub(crate) fn start(site: &'static Callsite, interrupted: OutcomeKind) -> Self {
        let mut timer = Self::waiting(site);
        timer.interrupted = interrupted;
        timer.begin();
        timer
    }

    /// A call that has not begun: a future before its first poll.
    #[inline]
    pub(crate) fn waiting(site: &'static Callsite) -> Self {
        Self {
            site,
            start: Ticks::ZERO,
            statements: 0,
            nested: false,
            has_begun: false,
            interrupted: OutcomeKind::Cancelled,
        }
    }

    /// Begins anew with the first poll; what was recorded inside until now stays.
    #[inline]
    pub(crate) fn wait_again(&mut self) {
        self.has_begun = false;
        self.interrupted = OutcomeKind::Cancelled;
    }

    #[inline]
    pub(crate) fn begin(&mut self) -> Ticks {
        self.start = Ticks::now();
        self.has_begun = true;
        self.start
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The call runs on this thread from now on: statements inside are counted, and named after an annotated query.
    #[inline]
    pub(crate) fn enter(&self) -> Before {
        call::enter(self.site)
    }

    /// It runs here no more.
    #[inline]
    pub(crate) fn leave(&mut self, before: Before) {
        self.statements += before.leave();
        self.nested |= before.is_nested();
    }

    /// What it has come to.
    #[inline]
    pub(crate) fn stop(self, end: Ticks, outcome: Outcome, polls: Polls) -> Ended {
        Ended {
            site: self.site,
            start: self.start,
            end,
            outcome,
            statements: self.statements,
            nested: self.nested,
            polls,
        }
    }
}
