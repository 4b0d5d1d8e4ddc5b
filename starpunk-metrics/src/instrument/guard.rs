//! The guard in a body that has to stay where it is.

use std::future::Future;
use std::marker::PhantomData;
use std::thread;

use crate::instrument::fields::{FieldSource, WithOutput};
use crate::instrument::future::Tracked;
use crate::instrument::made::Made;
use crate::instrument::running::Running;
use crate::model::callsite::Callsite;
use crate::model::clock::Ticks;
use crate::model::field::Field;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::call::Before;
use crate::record::current;

/// A call whose body stays where it is: in a closure `#[track_caller]` would lose the caller.
#[derive(Debug)]
pub struct Guard<R, S: FieldSource<R>> {
    running: Running<R, S>,
    before: Before,
    unseen: Outcome,
    /// A call may be made while another panic unwinds, and go well.
    was_panicking: bool,
}

impl<R, S: FieldSource<R>> Guard<R, S> {
    /// Begins the call.
    ///
    /// `unseen` is its outcome if it is left by a `return` that a macro wrote, which [`Guard::finish`] never sees.
    #[inline]
    pub fn start(site: &'static Callsite, fields: S, unseen: Outcome) -> Self {
        if !current::is_active() {
            return Self {
                running: Running::NONE,
                before: Before::default(),
                unseen,
                was_panicking: false,
            };
        }
        let mut running = Running::start(site, fields, OutcomeKind::Panic);
        let before = running.live.as_mut().map(|live| live.timer.enter());
        Self {
            running,
            before: before.unwrap_or_default(),
            unseen,
            was_panicking: thread::panicking(),
        }
    }

    /// Records the call, and hands back what it returned.
    #[inline]
    pub fn finish(mut self, output: R, classify: impl FnOnce(&R) -> Outcome) -> R {
        let end = Ticks::now();
        self.leave();
        self.running.finish_at(end, &output, classify);
        output
    }

    /// [`Guard::finish`], with fields from what the call returned.
    #[inline]
    pub fn finish_reading<const N: usize>(
        mut self,
        output: R,
        classify: impl FnOnce(&R) -> Outcome,
        read: impl FnOnce(&R) -> Option<[Field; N]>,
    ) -> R {
        let end = Ticks::now();
        self.leave();
        if let Some(live) = self.running.live.take() {
            let mut running = Running {
                live: Some(live.reading(read)),
                output: PhantomData,
            };
            running.finish_at(end, &output, classify);
        }
        output
    }

    /// Tracks the future that the call has made.
    #[inline]
    pub fn made<F, C>(mut self, future: F, classify: C) -> Tracked<F, C, S>
    where
        F: Future<Output = R>,
        C: Fn(&R) -> Outcome,
    {
        self.leave();
        let running = std::mem::replace(&mut self.running, Running::NONE);
        Tracked::of(future, classify, running.wait_again())
    }

    /// [`Guard::made`], with fields from what the future comes to.
    #[inline]
    pub fn made_reading<F, C, O, const N: usize>(
        mut self,
        future: F,
        classify: C,
        read: O,
    ) -> Tracked<F, C, WithOutput<S, O>>
    where
        F: Future<Output = R>,
        C: Fn(&R) -> Outcome,
        O: FnOnce(&R) -> Option<[Field; N]>,
    {
        self.leave();
        let live = self.running.live.take();
        let running = Running {
            live: live.map(|live| live.reading(read)),
            output: PhantomData,
        };
        Tracked::of(future, classify, running.wait_again())
    }

    /// Ends the making of what is known by a name only.
    #[inline]
    pub fn made_of(mut self, output: R) -> Made<R, S> {
        self.leave();
        Made {
            output,
            live: self.running.live.take(),
        }
    }

    fn leave(&mut self) {
        self.running.leave(self.before);
    }
}

impl<R, S: FieldSource<R>> Drop for Guard<R, S> {
    fn drop(&mut self) {
        self.leave();
        // A panic is what dropping the running call means by itself.
        if !thread::panicking() || self.was_panicking {
            self.running.interrupt(self.unseen);
        }
    }
}
