//! Times one call of an annotated function: two clock reads, and one post.

use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::Ticks;
use crate::model::event::{Call, Detail, Event};
use crate::model::field::Field;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::record::current;

/// A running call; dropped without [`Timer::stop`], it was interrupted: by a panic, or by the end of its future.
#[derive(Debug)]
pub(crate) struct Timer {
    site: &'static Callsite,
    start: Ticks,
    fields: Vec<Field>,
    /// What becomes of the call if nobody stops the timer.
    interrupted: OutcomeKind,
    /// Database operations inside, as far as they are known.
    statements: u32,
}

impl Timer {
    #[inline]
    pub(crate) fn start(site: &'static Callsite, fields: Vec<Field>) -> Self {
        Self {
            site,
            start: Ticks::now(),
            fields,
            interrupted: OutcomeKind::Panic,
            statements: 0,
        }
    }

    /// Runs `work` as a part of this call: statements inside are named after an annotated query, and counted.
    #[inline]
    pub(crate) fn run<R>(&mut self, work: impl FnOnce() -> R) -> R {
        if self.site.kind() == CallKind::Business {
            return work();
        }
        let _inside = Inside {
            before: current::statements(),
            outer: current::replace_query(Some(self.site)),
            timer: self,
        };
        work()
    }

    /// Says how the call ends if its future is dropped now.
    pub(crate) fn interrupt_as(&mut self, outcome: OutcomeKind) {
        self.interrupted = outcome;
    }

    #[inline]
    pub(crate) fn stop(mut self, outcome: Outcome) {
        self.post(outcome);
        std::mem::forget(self);
    }

    #[inline]
    fn post(&mut self, outcome: Outcome) {
        let end = Ticks::now();
        let fields = std::mem::take(&mut self.fields);
        let error_class = match outcome {
            Outcome::Error(class) => Some(class),
            _ => None,
        };
        let detail = (error_class.is_some() || !fields.is_empty()).then(|| {
            Box::new(Detail {
                error_class,
                fields,
                ..Detail::default()
            })
        });
        let standalone = self.site.kind() == CallKind::Query && self.statements == 0;
        current::with_current(|current| {
            if standalone && let Some(request) = current.request {
                request.count_statement(self.start.count_until(end));
            }
            if standalone || self.site.kind() == CallKind::Business {
                current.count_if_unattributed();
            }
            current.post(Event::Call(Call {
                site: self.site,
                start: self.start,
                end,
                request: current.request_id(),
                detail,
                statements: self.statements,
                outcome: outcome.into(),
            }));
        });
        if standalone {
            // An annotated query around this one must not count it again.
            current::add_statements(1);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.post(self.interrupted.with_class(None));
    }
}

/// While an annotated query runs on this thread.
struct Inside<'a> {
    timer: &'a mut Timer,
    before: u32,
    outer: Option<&'static Callsite>,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        current::replace_query(self.outer);
        self.timer.statements += current::statements().wrapping_sub(self.before);
    }
}
