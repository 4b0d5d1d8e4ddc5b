//! Times one call of an annotated function that may run on more than one thread, or with pauses: a future's.

use crate::model::callsite::Callsite;
use crate::model::clock::{Clock, TickSpan, Ticks};
use crate::model::event::Polls;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::call::{self, Before, Ended};

/// A running call. Nothing is recorded of it before [`Timer::stop`].
#[derive(Debug)]
pub(crate) struct Timer {
    site: &'static Callsite,
    /// Database operations inside, as far as they are known.
    statements: u32,
    nested: bool,
    /// Apart: a future that only waits is made without it.
    begun: Option<Begun>,
}

/// What there is of a call once it has begun.
#[derive(Debug)]
struct Begun {
    start: Ticks,
    /// In all its polls.
    busy: u64,
    /// In the longest of them; in half the room, so that the future is no larger for it.
    longest: TickSpan,
    /// What becomes of the call if it is dropped now.
    interrupted: OutcomeKind,
}

impl Timer {
    #[inline]
    pub(crate) fn start(site: &'static Callsite, interrupted: OutcomeKind) -> Self {
        let mut timer = Self::waiting(site);
        timer.begin(Ticks::now(), interrupted);
        timer
    }

    /// A call that has not begun: a future before its first poll.
    #[inline]
    pub(crate) fn waiting(site: &'static Callsite) -> Self {
        Self {
            site,
            statements: 0,
            nested: false,
            begun: None,
        }
    }

    /// Begins anew with the first poll; what was recorded inside until now stays.
    #[inline]
    pub(crate) fn wait_again(&mut self) {
        self.begun = None;
    }

    #[inline]
    fn begin(&mut self, start: Ticks, interrupted: OutcomeKind) {
        self.begun = Some(Begun {
            start,
            busy: 0,
            longest: TickSpan::ZERO,
            interrupted,
        });
    }

    /// A poll begins, and with the first one the call; returns when.
    #[inline]
    pub(crate) fn begin_poll(&mut self, clock: Clock) -> Ticks {
        let start = clock.now();
        if self.begun.is_none() {
            self.begin(start, OutcomeKind::Cancelled);
        }
        start
    }

    /// A poll has ended.
    #[inline]
    pub(crate) fn end_poll(&mut self, start: Ticks, end: Ticks) {
        if let Some(begun) = &mut self.begun {
            let ticks = start.count_until(end).max(1);
            begun.busy += ticks;
            let span = TickSpan::of(ticks);
            if span.reaches(begun.longest) {
                begun.longest = span;
            }
        }
    }

    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// What becomes of the call if it is dropped now; `None` where it has not begun.
    pub(crate) fn interrupted(&self) -> Option<OutcomeKind> {
        self.begun.as_ref().map(|begun| begun.interrupted)
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
    pub(crate) fn stop(self, end: Ticks, outcome: Outcome) -> Ended {
        let (start, polls) = match self.begun {
            Some(begun) => (
                begun.start,
                Polls {
                    busy: TickSpan::of(begun.busy),
                    longest: begun.longest,
                },
            ),
            None => (end, Polls::default()),
        };
        Ended {
            site: self.site,
            start,
            end,
            outcome,
            statements: self.statements,
            nested: self.nested,
            polls,
        }
    }
}
