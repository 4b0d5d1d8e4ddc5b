//! All that generated code may name. No promise is made about it to anyone else.

pub use std::boxed::Box;

pub use crate::instrument::branch::{Branch, FromResidual};
pub use crate::instrument::fields::{NoFields, debug, display, later, now, value};
pub use crate::instrument::function::{call, call_reading};
pub use crate::instrument::future::Tracked;
pub use crate::instrument::guard::Guard;
pub use crate::instrument::made::{AnyMade, Made};
pub use crate::instrument::outcome::{AnyOutput, Probe, named, verdict};
pub use crate::model::callsite::{CallKind, Callsite};
pub use crate::model::operation::Outcome;
