//! What an annotated function calls.

use std::marker::PhantomData;

use crate::instrument::fields::{FieldSource, WithOutput};
use crate::model::callsite::Callsite;
use crate::model::clock::{Clock, Ticks};
use crate::model::field::Field;
use crate::model::operation::Outcome;
use crate::record::call::Inside;
use crate::record::current;

/// Runs `body` and records the call; without a pipeline, runs it and nothing else.
///
/// The bound on `body` decides its kind as a closure: a plain `(move || ..)()` could not return a reborrow of what it
/// captured.
#[inline]
pub fn call<R, S: FieldSource<R>>(
    site: &'static Callsite,
    fields: S,
    body: impl FnOnce() -> R,
    classify: impl FnOnce(&R) -> Outcome,
) -> R {
    if !current::is_active() {
        return body();
    }
    measure(site, fields, body, classify)
}

// Apart: a function that is not measured then needs no more room and registers than its body does.
#[inline(never)]
fn measure<R, S: FieldSource<R>>(
    site: &'static Callsite,
    fields: S,
    body: impl FnOnce() -> R,
    classify: impl FnOnce(&R) -> Outcome,
) -> R {
    let clock = Clock::get();
    let inside = Inside::enter(site, clock);
    let calling = Calling {
        inside: &inside,
        fields: Some(fields),
        output: PhantomData,
    };
    let output = body();
    let end = clock.now();
    let outcome = classify(&output);
    let fields = calling.end();
    finish(&inside, fields, end, outcome, Some(&output));
    output
}

#[inline]
fn finish<R, S: FieldSource<R>>(
    inside: &Inside,
    fields: Option<S>,
    end: Ticks,
    outcome: Outcome,
    output: Option<&R>,
) {
    match fields {
        Some(fields) if !S::IS_EMPTY => {
            let output = output.filter(|_| outcome.is_ok());
            inside.finish_with(end, outcome, || fields.tell(output).0);
        }
        _ => inside.finish(end, outcome),
    }
}

/// A call whose body runs. Dropped before it has ended, it was interrupted by a panic.
struct Calling<'a, R, S: FieldSource<R>> {
    inside: &'a Inside,
    /// `None` once it has ended.
    fields: Option<S>,
    output: PhantomData<fn(&R)>,
}

impl<R, S: FieldSource<R>> Calling<'_, R, S> {
    #[inline]
    fn end(mut self) -> Option<S> {
        let fields = self.fields.take();
        // It has nothing left to drop.
        std::mem::forget(self);
        fields
    }
}

impl<R, S: FieldSource<R>> Drop for Calling<'_, R, S> {
    #[inline(always)]
    fn drop(&mut self) {
        interrupted(self.inside, self.fields.take());
    }
}

#[cold]
#[inline(never)]
fn interrupted<R, S: FieldSource<R>>(inside: &Inside, fields: Option<S>) {
    finish::<R, S>(inside, fields, Ticks::now(), Outcome::Panic, None);
}

/// [`call`], with fields from what the call returned.
#[inline]
pub fn call_reading<R, S: FieldSource<R>, const N: usize>(
    site: &'static Callsite,
    fields: S,
    body: impl FnOnce() -> R,
    classify: impl FnOnce(&R) -> Outcome,
    read: impl FnOnce(&R) -> Option<[Field; N]>,
) -> R {
    call(site, WithOutput::new(fields, read), body, classify)
}
