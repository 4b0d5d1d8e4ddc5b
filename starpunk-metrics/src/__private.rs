//! All that generated code may name. No promise is made about it to anyone else.

pub use crate::instrument::function::{Tracked, call, fields};
pub use crate::instrument::outcome::{AnyOutput, Probe};
pub use crate::model::callsite::{CallKind, Callsite};
pub use crate::model::field::Value;
