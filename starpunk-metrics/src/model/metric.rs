//! What `get_metrics()` and `get_metrics_stats()` hand out.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::model::field::Fields;
use crate::model::operation::{OperationType, Outcome};
use crate::model::request_id::RequestId;
use crate::model::tally::Tally;

/// One recorded operation.
///
/// An annotated query that was slow, failed, forced or given fields has a record also where its `statements` are operations
/// of their own: it is kept, but not counted beside them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// What kind of operation it was.
    pub operation_type: OperationType,
    /// Its name: `GET /notes/{id}`, `SELECT notes`, `note_created`.
    pub operation_name: String,
    /// How long it took, by a monotonic clock.
    pub duration: Duration,
    /// When it ended, by the wall clock.
    pub timestamp: SystemTime,
    /// The request in which it happened, if there was one.
    pub request_id: Option<RequestId>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was kept because it had to be: business, slow, failed, panicked or cancelled.
    pub forced: bool,
    /// Facts of this one operation; which, depends on its type.
    ///
    /// | type | fields |
    /// |---|---|
    /// | `http` | `method`, `route`, `status`, `request_bytes`, `response_bytes`, `head_ms`, `statements`, `statement_ms` |
    /// | `database` | `query_type`, `table`, `fingerprint`, `query_name` or `function`, `rows`, `vm_steps`, `fresh` |
    /// | where there are any | `in_transaction`, `rows_changed`, `error_code`, `batch_size`, `scan_steps`, `sorts`, `auto_index_rows`, `first_row_ms`, `caller_ms`, `prepare_ms`, `lock_wait_ms`, `lock_retries`, `lock_given_up`, `lock_holder` |
    /// | `database`, of an annotated query | what the annotation was given, `query_name`, `table`, `statements` |
    /// | `render` | what the annotation or the helper was given |
    /// | of an `async` function, also | `busy_ms` in all its polls, `longest_poll_ms`, `blocking` |
    pub fields: Fields,
}

impl Metric {
    /// Returns the duration in milliseconds, with fractions.
    pub fn duration_ms(&self) -> f64 {
        self.duration.as_secs_f64() * 1_000.0
    }
}

/// What a pipeline has seen so far.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct MetricsStats {
    /// Operations seen since the start; exact at any sampling rate.
    pub total_count: u64,
    /// Records in the two buffers now.
    pub buffered_count: usize,
    /// The capacity of each of the two buffers, `METRICS_BUFFER_SIZE`.
    pub max_size: usize,
    /// Operations since the start that were kept whatever the sampling rate.
    pub forced_count: u64,
    /// Records that could not be kept; `Snapshot::dropped` tells them by reason.
    pub dropped: u64,
    /// The measures of each type that was seen.
    pub by_type: BTreeMap<OperationType, TypeStats>,
}

/// The measures of one type of operation, exact at any sampling rate; quantiles are at most 1/32 off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeStats {
    /// How many there were.
    pub count: u64,
    /// How many ended with an error or a panic.
    pub errors: u64,
    /// How many took at least their threshold.
    pub slow: u64,
    /// The mean duration.
    pub mean: Duration,
    /// The shortest duration.
    pub min: Duration,
    /// The longest duration.
    pub max: Duration,
    /// The median.
    pub p50: Duration,
    /// The duration that 95 of 100 operations stay below.
    pub p95: Duration,
    /// The duration that 99 of 100 operations stay below.
    pub p99: Duration,
}

impl From<&Tally> for TypeStats {
    fn from(tally: &Tally) -> Self {
        Self {
            count: tally.count(),
            errors: tally.errors(),
            slow: tally.slow(),
            mean: tally.mean(),
            min: tally.min(),
            max: tally.max(),
            p50: tally.quantile(0.50),
            p95: tally.quantile(0.95),
            p99: tally.quantile(0.99),
        }
    }
}
