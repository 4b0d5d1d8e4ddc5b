//! The span that goes with the work where the feature `tracing` is off: none.

use std::rc::Rc;

use crate::model::request::Request;

#[derive(Clone, Debug, Default)]
pub(crate) struct WorkSpan;

impl WorkSpan {
    pub(crate) const NONE: Self = Self;

    pub(crate) fn current() -> Self {
        Self
    }

    pub(crate) fn of_request(_: &Request, _: impl FnOnce() -> Option<Rc<str>>) -> Self {
        Self
    }

    pub(crate) fn routed(&mut self, _: &str) {}

    #[inline]
    pub(crate) fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }
}
