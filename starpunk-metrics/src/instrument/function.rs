//! What an annotated function calls: one function for a body, one future for an `async` body.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::model::callsite::Callsite;
use crate::model::field::Field;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::current;
use crate::record::timer::Timer;

/// Runs `body` and records the call; without a pipeline, runs it and nothing else.
///
/// The bound on `body` decides its kind as a closure: a plain `(move || ..)()` could not return a reborrow of what it
/// captured.
#[inline]
pub fn call<R>(
    site: &'static Callsite,
    fields: Vec<Field>,
    body: impl FnOnce() -> R,
    classify: impl FnOnce(&R) -> Outcome,
) -> R {
    if !current::is_active() {
        return body();
    }
    let mut timer = Timer::start(site, fields);
    let output = timer.run(body);
    timer.stop(classify(&output));
    output
}

/// Evaluates the fields of a call, if there is a pipeline to take them.
///
/// A panic in them is not the application's: the record then goes without.
#[inline]
pub fn fields(evaluate: impl FnOnce() -> Vec<Field>) -> Vec<Field> {
    if !current::is_active() {
        return Vec::new();
    }
    catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_default()
}

pin_project! {
    /// The future of an annotated `async fn`: wall time from its first poll, one record whatever becomes of it.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct Tracked<F, C> {
        #[pin]
        future: F,
        site: &'static Callsite,
        classify: Option<C>,
        call: AsyncCall,
    }
}

/// Apart from the future, so that the generic type has no `Drop` of its own: that would ask more of its lifetimes.
#[derive(Debug)]
enum AsyncCall {
    Waiting(Vec<Field>),
    Running(Timer),
    Done,
}

impl<F, C> Tracked<F, C>
where
    F: Future,
    C: FnOnce(&F::Output) -> Outcome,
{
    /// Tracks `future`.
    #[inline]
    pub fn new(site: &'static Callsite, fields: Vec<Field>, future: F, classify: C) -> Self {
        Self {
            future,
            site,
            classify: Some(classify),
            call: AsyncCall::Waiting(fields),
        }
    }
}

impl<F, C> Future for Tracked<F, C>
where
    F: Future,
    C: FnOnce(&F::Output) -> Outcome,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let AsyncCall::Waiting(fields) = this.call {
            *this.call = if current::is_active() {
                AsyncCall::Running(Timer::start(this.site, std::mem::take(fields)))
            } else {
                AsyncCall::Done
            };
        }
        let AsyncCall::Running(timer) = this.call else {
            return this.future.poll(cx);
        };
        // Dropped by a panic in this poll it panicked; dropped between two polls it was cancelled.
        timer.interrupt_as(OutcomeKind::Panic);
        let polled = timer.run(|| this.future.poll(cx));
        timer.interrupt_as(OutcomeKind::Cancelled);
        if let Poll::Ready(output) = &polled
            && let AsyncCall::Running(timer) = std::mem::replace(this.call, AsyncCall::Done)
            && let Some(classify) = this.classify.take()
        {
            timer.stop(classify(output));
        }
        polled
    }
}
