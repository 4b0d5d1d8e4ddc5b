//! The future of an annotated `async` function, or of one that returns a future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::instrument::fields::{FieldSource, WithOutput};
use crate::instrument::running::Running;
use crate::model::callsite::Callsite;
use crate::model::field::Field;
use crate::model::operation::Outcome;
use crate::record::current;

pin_project! {
    /// The future of an annotated call: wall time from its first poll, the time in its polls, and one record whatever
    /// becomes of it.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Tracked<F, C, S>
    where
        F: Future,
        S: FieldSource<F::Output>,
    {
        #[pin]
        state: State<F, C, S>,
    }

    impl<F, C, S> PinnedDrop for Tracked<F, C, S>
    where
        F: Future,
        S: FieldSource<F::Output>,
    {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            let mut state = this.project().state;
            if let StateProjection::Live { running, .. } = state.as_mut().project()
                && running.has_begun()
            {
                cancel(state);
            }
        }
    }
}

/// Drops a future whose call has begun and not ended.
#[cold]
#[inline(never)]
fn cancel<F, C, S>(mut state: Pin<&mut State<F, C, S>>)
where
    F: Future,
    S: FieldSource<F::Output>,
{
    let StateProjection::Live { running, .. } = state.as_mut().project() else {
        return;
    };
    // What a cancelled body records while it is dropped, such as a ROLLBACK, is still of this call.
    let Some(entered) = running.enter_to_drop() else {
        return;
    };
    // Drops the future where it lies, and hands out the rest.
    let live = state.project_replace(State::Gone);
    if let StateReplaced::Live { mut running, .. } = live {
        running.leave_dropped(entered);
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateReplaced]
    enum State<F, C, S>
    where
        F: Future,
        S: FieldSource<F::Output>,
    {
        Live {
            #[pin]
            future: F,
            classify: C,
            running: Running<F::Output, S>,
        },
        Gone,
    }
}

impl<F, C, S> Tracked<F, C, S>
where
    F: Future,
    C: Fn(&F::Output) -> Outcome,
    S: FieldSource<F::Output>,
{
    /// Tracks the future that `prepare` returns beside its fields.
    ///
    /// A function, so that the caller's own future never borrows its arguments: what was borrowed there is kept there, and
    /// would be in it twice.
    #[inline]
    pub fn new(site: &'static Callsite, prepare: impl FnOnce() -> (S, F), classify: C) -> Self {
        let (fields, future) = prepare();
        Self::of(future, classify, Running::waiting(site, fields))
    }

    /// Tracks the future that `make` returns. A panic in the making is one of the call.
    #[inline]
    pub fn made(site: &'static Callsite, fields: S, make: impl FnOnce() -> F, classify: C) -> Self {
        let mut making = Running::start_if_active(site, fields);
        let future = making.enter(make);
        Self::of(future, classify, making.wait_again())
    }

    #[inline]
    pub(crate) fn of(future: F, classify: C, running: Running<F::Output, S>) -> Self {
        Self {
            state: State::Live {
                future,
                classify,
                running,
            },
        }
    }
}

impl<F, C, S, O, const N: usize> Tracked<F, C, WithOutput<S, O>>
where
    F: Future,
    C: Fn(&F::Output) -> Outcome,
    S: FieldSource<F::Output>,
    O: FnOnce(&F::Output) -> Option<[Field; N]>,
{
    /// [`Tracked::new`], with fields from what the call returned.
    #[inline]
    pub fn new_reading(
        site: &'static Callsite,
        prepare: impl FnOnce() -> (S, F),
        classify: C,
        read: O,
    ) -> Self {
        let (fields, future) = prepare();
        Self::new(site, || (WithOutput::new(fields, read), future), classify)
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
    C: Fn(&F::Output) -> Outcome,
    S: FieldSource<F::Output>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let StateProjection::Live {
            future,
            classify,
            running,
        } = self.project().state.project()
        else {
            // It is being dropped; nobody can poll it.
            return Poll::Pending;
        };
        if !current::is_active() && !running.has_begun() {
            // Whatever starts later, of this call it would see only a part.
            running.live = None;
            return future.poll(cx);
        }
        running.poll(|| future.poll(cx), classify)
    }
}

impl<F, C, S> fmt::Debug for Tracked<F, C, S>
where
    F: Future,
    S: FieldSource<F::Output>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked").finish_non_exhaustive()
    }
}
