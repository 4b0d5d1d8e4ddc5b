//! The future of an annotated `async` function, or of one that returns a future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::instrument::fields::{FieldSource, WithOutput};
use crate::instrument::running::Running;
use crate::model::callsite::Callsite;
use crate::model::field::Field;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::current;

pin_project! {
    /// The future of an annotated call: wall time from its first poll, the time in its polls, and one record whatever
    /// becomes of it.
    // Its `Drop` is that of the running call inside: one of its own would ask more of the future's lifetimes.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct Tracked<F, C, S>
    where
        F: Future,
        S: FieldSource<F::Output>,
    {
        #[pin]
        future: F,
        classify: Option<C>,
        state: AsyncState<F::Output, S>,
    }
}

#[derive(Debug)]
enum AsyncState<R, S: FieldSource<R>> {
    Waiting(&'static Callsite, S),
    Running(Running<R, S>),
    Done,
}

impl<F, C, S> Tracked<F, C, S>
where
    F: Future,
    C: FnOnce(&F::Output) -> Outcome,
    S: FieldSource<F::Output>,
{
    /// Tracks `future`.
    #[inline]
    pub fn new(site: &'static Callsite, fields: S, future: F, classify: C) -> Self {
        Self {
            future,
            classify: Some(classify),
            state: AsyncState::Waiting(site, fields),
        }
    }

    /// Tracks the future that `make` returns. A panic in the making is one of the call.
    #[inline]
    pub fn made(site: &'static Callsite, fields: S, make: impl FnOnce() -> F, classify: C) -> Self {
        if !current::is_active() {
            return Self::new(site, fields, make(), classify);
        }
        let mut making = Running::<F::Output, S>::start(site, fields, OutcomeKind::Panic);
        let future = making.enter(make);
        Self {
            future,
            classify: Some(classify),
            state: match making.live.take() {
                Some(live) => AsyncState::Waiting(site, live.fields),
                None => AsyncState::Done,
            },
        }
    }
}

impl<F, C, S, O, const N: usize> Tracked<F, C, WithOutput<S, O>>
where
    F: Future,
    C: FnOnce(&F::Output) -> Outcome,
    S: FieldSource<F::Output>,
    O: FnOnce(&F::Output) -> Option<[Field; N]>,
{
    /// [`Tracked::new`], with fields from what the call returned.
    #[inline]
    pub fn new_reading(
        site: &'static Callsite,
        fields: S,
        future: F,
        classify: C,
        read: O,
    ) -> Self {
        Self::new(site, WithOutput::new(fields, read), future, classify)
    }

    /// [`Tracked::made`], with fields from what the call returned.
    #[inline]
    pub fn made_reading(
        site: &'static Callsite,
        fields: S,
        make: impl FnOnce() -> F,
        classify: C,
        read: O,
    ) -> Self {
        Self::made(site, WithOutput::new(fields, read), make, classify)
    }
}

impl<F, C, S> Future for Tracked<F, C, S>
where
    F: Future,
    C: FnOnce(&F::Output) -> Outcome,
    S: FieldSource<F::Output>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Taken out while it is polled: a panic drops it here, at its true time, and not when the future is dropped.
        let (mut running, since) = match std::mem::replace(this.state, AsyncState::Done) {
            AsyncState::Waiting(site, fields) if current::is_active() => {
                let running = Running::start(site, fields, OutcomeKind::Cancelled);
                let since = running.live.as_ref().map(|live| live.timer.started());
                (running, since)
            }
            AsyncState::Running(running) => (running, None),
            AsyncState::Waiting(..) | AsyncState::Done => return this.future.poll(cx),
        };
        let (polled, end) = running.poll(since, || this.future.poll(cx));
        match (&polled, this.classify.take()) {
            (Poll::Ready(output), Some(classify)) => running.finish_at(end, output, classify),
            (_, classify) => {
                *this.classify = classify;
                *this.state = AsyncState::Running(running);
            }
        }
        polled
    }
}
