//! What the collector is asked to do: a closed set, each with a way to answer.

use std::sync::mpsc::SyncSender;

use crate::model::metric::{Metric, MetricsStats};
use crate::model::request_id::RequestId;
use crate::model::snapshot::Snapshot;
use crate::model::trace::RequestTrace;

/// A message on the control channel. The events that were posted before it are collected before it is answered.
#[derive(Debug)]
pub(crate) enum Control {
    /// Collect now: a ring fills up.
    Wake,
    Flush(SyncSender<()>),
    Metrics(SyncSender<Vec<Metric>>),
    Stats(SyncSender<MetricsStats>),
    Snapshot(SyncSender<Box<Snapshot>>),
    Trace(RequestId, SyncSender<Option<RequestTrace>>),
    /// Collect the rest, answer with how many operations there were since the start, and end.
    Stop(SyncSender<u64>),
    #[cfg(test)]
    Panic,
}
