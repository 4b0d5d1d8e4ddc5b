//! A call in progress, whatever it is made of: how it is entered, left, and told.

use std::marker::PhantomData;
use std::task::Poll;

use crate::instrument::fields::{FieldSource, WithOutput};
use crate::model::callsite::Callsite;
use crate::model::clock::{Clock, Ticks};
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::call::Before;
use crate::record::current;
use crate::record::timer::Timer;

/// A call in progress. Dropped before it is finished, it was interrupted: by a panic, or by the end of its future.
#[derive(Debug)]
pub(crate) struct Running<R, S: FieldSource<R>> {
    /// `None` once it is recorded, and where nothing is.
    pub(crate) live: Option<Live<S>>,
    pub(crate) output: PhantomData<fn(&R)>,
}

#[derive(Debug)]
pub(crate) struct Live<S> {
    pub(crate) timer: Timer,
    pub(crate) fields: S,
}

impl<R, S: FieldSource<R>> Running<R, S> {
    pub(crate) const NONE: Self = Self {
        live: None,
        output: PhantomData,
    };

    /// A call that has begun.
    #[inline]
    pub(crate) fn start(site: &'static Callsite, fields: S, interrupted: OutcomeKind) -> Self {
        Self::of(Timer::start(site, interrupted), fields)
    }

    /// A call that begins with its first poll.
    #[inline]
    pub(crate) fn waiting(site: &'static Callsite, fields: S) -> Self {
        Self::of(Timer::waiting(site), fields)
    }

    /// A call that has begun, if there is a pipeline to take it; else one that waits.
    #[inline]
    pub(crate) fn start_if_active(site: &'static Callsite, fields: S) -> Self {
        if current::is_active() {
            Self::start(site, fields, OutcomeKind::Panic)
        } else {
            Self::waiting(site, fields)
        }
    }

    /// Begins anew with the first poll.
    #[inline]
    pub(crate) fn wait_again(mut self) -> Self {
        if let Some(live) = &mut self.live {
            live.timer.wait_again();
        }
        self
    }

    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        let live = self.live.as_ref();
        live.is_some_and(|live| live.timer.has_begun())
    }

    #[inline]
    fn of(timer: Timer, fields: S) -> Self {
        Self {
            live: Some(Live { timer, fields }),
            output: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn enter<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let _inside = self
            .live
            .as_mut()
            .map(|live| Inside::enter(&mut live.timer));
        work()
    }

    /// The call runs on this thread while its future is dropped; `None` where it has not begun, or is over.
    #[inline]
    pub(crate) fn enter_to_drop(&self) -> Option<Entered> {
        let live = self.live.as_ref()?;
        live.timer.has_begun().then(|| Entered {
            before: Some(live.timer.enter()),
        })
    }

    pub(crate) fn leave_dropped(&mut self, mut entered: Entered) {
        if let Some(before) = entered.before.take() {
            self.leave(before);
        }
    }

    pub(crate) fn leave(&mut self, before: Before) {
        if let Some(live) = &mut self.live {
            live.timer.leave(before);
        }
    }

    /// Polls once; a panic in it is the end of the call.
    pub(crate) fn poll(
        &mut self,
        poll: impl FnOnce() -> Poll<R>,
        classify: impl FnOnce(&R) -> Outcome,
    ) -> Poll<R> {
        let Some(live) = &mut self.live else {
            return poll();
        };
        let clock = Clock::get();
        let before = live.timer.enter();
        let start = live.timer.begin_poll(clock);
        let polling = Polling {
            running: self,
            before,
        };
        let polled = poll();
        let end = clock.now();
        // It has come to its end.
        std::mem::forget(polling);
        if let Some(live) = &mut self.live {
            live.timer.leave(before);
            live.timer.end_poll(start, end);
        }
        if let Poll::Ready(output) = &polled {
            self.finish_at(end, output, classify);
        }
        polled
    }

    /// Ends with an outcome that is known without the output.
    pub(crate) fn interrupt(&mut self, outcome: Outcome) {
        if let Some(live) = self.live.take() {
            live.record(Ticks::now(), outcome, None);
        }
    }

    #[inline]
    pub(crate) fn finish_at(
        &mut self,
        end: Ticks,
        output: &R,
        classify: impl FnOnce(&R) -> Outcome,
    ) {
        let Some(live) = self.live.take() else { return };
        let outcome = classify(output);
        live.record(end, outcome, outcome.is_ok().then_some(output));
    }
}

impl<S> Live<S> {
    pub(crate) fn reading<O>(self, read: O) -> Live<WithOutput<S, O>> {
        Live {
            timer: self.timer,
            fields: WithOutput::new(self.fields, read),
        }
    }

    #[inline]
    fn record<R>(self, end: Ticks, outcome: Outcome, output: Option<&R>)
    where
        S: FieldSource<R>,
    {
        let ended = self.timer.stop(end, outcome);
        if S::IS_EMPTY {
            ended.post();
        } else {
            ended.post_with(|| self.fields.tell(output).0);
        }
    }
}

impl<R, S: FieldSource<R>> Drop for Running<R, S> {
    #[inline]
    fn drop(&mut self) {
        let live = self.live.as_ref();
        if let Some(interrupted) = live.and_then(|live| live.timer.interrupted()) {
            self.interrupt(interrupted.with_class(None));
        }
    }
}

/// While a future is dropped inside its call; also where that panics, the thread is left as it was.
#[derive(Debug)]
pub(crate) struct Entered {
    before: Option<Before>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            before.leave();
        }
    }
}

/// While a future is polled: a panic ends the call then, at its true time, and not when the future is dropped.
struct Polling<'a, R, S: FieldSource<R>> {
    running: &'a mut Running<R, S>,
    before: Before,
}

impl<R, S: FieldSource<R>> Drop for Polling<'_, R, S> {
    #[cold]
    fn drop(&mut self) {
        self.running.leave(self.before);
        self.running.interrupt(Outcome::Panic);
    }
}

/// While a call runs on this thread.
struct Inside<'a> {
    timer: &'a mut Timer,
    before: Before,
}

impl<'a> Inside<'a> {
    #[inline]
    fn enter(timer: &'a mut Timer) -> Self {
        let before = timer.enter();
        Self { timer, before }
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        self.timer.leave(self.before);
    }
}
