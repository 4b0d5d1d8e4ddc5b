//! Says nothing in the log where the feature `tracing` is off.

use crate::model::names::Names;
use crate::model::trace::TraceRecord;

pub(crate) fn tell(_: &TraceRecord, _: &Names) {}
