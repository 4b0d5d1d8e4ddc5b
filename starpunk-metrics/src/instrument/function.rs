//! What an annotated function calls.

use crate::instrument::fields::{FieldSource, WithOutput};
use crate::instrument::running::Running;
use crate::model::callsite::Callsite;
use crate::model::field::Field;
use crate::model::operation::{Outcome, OutcomeKind};
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
    let mut running = Running::start(site, fields, OutcomeKind::Panic);
    let output = running.enter(body);
    running.finish(&output, classify);
    output
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
