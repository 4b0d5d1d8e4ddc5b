//! Everything that was counted, at one moment: what each page, scrape and report is made from.

use std::cmp::Reverse;
use std::time::{Duration, SystemTime};

use crate::model::finding::Finding;
use crate::model::gauges::DropReason;
use crate::model::memory::MemoryStats;
use crate::model::metric::MetricsStats;
use crate::model::operation::OperationType;
use crate::model::poll::PollStats;
use crate::model::pool::PoolStats;
use crate::model::request_id::RequestId;
use crate::model::route::RouteStats;
use crate::model::statement_stats::{StatementOrder, StatementStats};
use crate::model::tally::Tally;
use crate::model::trace::RequestTrace;
use crate::model::transaction::TransactionStats;

/// What one pipeline has counted since its start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// When it was taken.
    pub taken_at: SystemTime,
    /// How long the pipeline had been running.
    pub uptime: Duration,
    /// The totals, and the measures by type.
    pub stats: MetricsStats,
    /// Every series of operations, by type and then by name.
    pub operations: Vec<OperationStats>,
    /// The requests by method and route, by name.
    pub routes: Vec<RouteStats>,
    /// The functions under `#[monitored_query]`, by name.
    pub queries: Vec<QueryStats>,
    /// The statements by shape, those with the most time first; as [`Snapshot::statements`].
    pub(crate) statements: Vec<StatementStats>,
    /// The transactions by the function that began them, those that were open longest first.
    pub transactions: Vec<TransactionStats>,
    /// The pools of connections, in the order in which they were first used.
    pub pools: Vec<PoolStats>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) traces: Vec<RequestTrace>,
    /// The memory of the process; as of this snapshot; `None` in test mode.
    pub memory: Option<MemoryStats>,
    /// Requests that have begun and not ended.
    pub requests_in_flight: u64,
    /// Statements and business events that found no request while some were in flight.
    pub unattributed: u64,
    /// Requests whose client sent an `X-Request-ID` that is none: too long, empty, sent twice, or of other characters.
    pub request_ids_refused: u64,
    /// Records that could not be kept, by reason.
    pub dropped: Vec<(DropReason, u64)>,
    /// Names that went into an overflow series because their table was full.
    pub names_refused: u64,
    /// How the collector thread does.
    pub collector: CollectorStats,
}

/// One series of operations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OperationStats {
    /// What kind of operation it is.
    pub operation_type: OperationType,
    /// Its name, as in `Metric::operation_name`.
    pub name: String,
    /// Its measures.
    pub tally: Tally,
    /// Rows that its statements returned; 0 for other types.
    pub rows: u64,
    /// Rows that its statements changed; `None` where no method of a `MonitoredConnection` told.
    pub rows_changed: Option<u64>,
    /// How its `async` functions used their executor; `None` where there was none.
    pub polls: Option<PollStats>,
}

/// What the calls of one annotated query did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueryStats {
    /// The name of the function.
    pub name: String,
    /// Its calls, caller's own time included.
    pub tally: Tally,
    /// Database operations recorded inside it.
    pub statements: u64,
    /// The table that its annotation names.
    pub table: Option<&'static str>,
    /// How it used its executor, if it is `async`.
    pub polls: Option<PollStats>,
}

/// How the collector thread does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectorStats {
    /// How often it has gone round; grows while it lives.
    pub heartbeats: u64,
    /// How often it panicked and was started again, with its state emptied.
    pub restarts: u64,
    /// Threads that have recorded something and have not ended.
    pub threads: usize,
}

impl Snapshot {
    /// Returns the measures of one series of operations.
    pub fn operation(&self, operation_type: OperationType, name: &str) -> Option<&OperationStats> {
        self.operations
            .iter()
            .find(|series| series.operation_type == operation_type && series.name == name)
    }

    /// Returns the statements by shape, those with the most time first.
    pub fn statements(&self) -> &[StatementStats] {
        &self.statements
    }

    /// Returns the statements by shape in another order; the largest come first.
    pub fn statements_by(&self, order: StatementOrder) -> Vec<&StatementStats> {
        let mut statements: Vec<_> = self.statements.iter().collect();
        statements.sort_by_cached_key(|statement| Reverse(order.key(statement)));
        statements
    }

    /// Returns what was found wrong: where clients are failed first, and then the troubles that took the most time.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the kept traces of requests, in the order in which they began: of slow, failed and conspicuous ones, and of those
    /// that the sampling kept. At most 500 and 4 MB of them; the slowest 5 of each route give way last.
    pub fn traces(&self) -> &[RequestTrace] {
        &self.traces
    }

    /// Returns the trace of a request, if it was kept.
    pub fn trace(&self, id: RequestId) -> Option<&RequestTrace> {
        let mut latest = self.traces.iter().rev();
        latest.find(|trace| trace.request_id() == id)
    }

    /// Returns what the requests of one method and route did.
    pub fn route(&self, method: &str, route: &str) -> Option<&RouteStats> {
        self.routes
            .iter()
            .find(|series| series.method == method && series.route == route)
    }

    /// Returns how many operations of this type and name there were; 0 where there is no such series.
    pub fn count(&self, operation_type: OperationType, name: &str) -> u64 {
        self.operation(operation_type, name)
            .map_or(0, |series| series.tally.count())
    }
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            taken_at: SystemTime::now(),
            uptime: Duration::ZERO,
            stats: MetricsStats::default(),
            operations: Vec::new(),
            routes: Vec::new(),
            queries: Vec::new(),
            statements: Vec::new(),
            transactions: Vec::new(),
            pools: Vec::new(),
            findings: Vec::new(),
            traces: Vec::new(),
            memory: None,
            requests_in_flight: 0,
            unattributed: 0,
            request_ids_refused: 0,
            dropped: DropReason::ALL.map(|reason| (reason, 0)).to_vec(),
            names_refused: 0,
            collector: CollectorStats::default(),
        }
    }
}
