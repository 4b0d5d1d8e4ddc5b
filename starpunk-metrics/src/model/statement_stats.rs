//! What the statements of one shape did: counted while they are collected, and told in a snapshot.

use std::time::Duration;

use crate::model::aggregate::sum;
use crate::model::callsite::Callsite;
use crate::model::clock::Ticks;
use crate::model::histogram::nanos;
use crate::model::plan::QueryPlan;
use crate::model::policy::Verdict;
use crate::model::request_id::RequestId;
use crate::model::statement::{Flags, Statement, StatementDetail};
use crate::model::tally::Tally;

/// How many functions, and how many routes, a shape remembers to have been called from.
pub(crate) const MAX_CALLERS: usize = 8;

/// The statements of one shape. Sums, so they add up.
#[derive(Debug, Default)]
pub(crate) struct StatementSeries {
    pub(crate) tally: Tally,
    pub(crate) facts: StatementFacts,
    /// The annotated functions around them, the first ones that were seen.
    pub(crate) functions: Vec<(&'static Callsite, u64)>,
    /// The latest request in which one was slow, or looked at rows without an index; with the end of that statement, because
    /// threads are collected one after the other.
    pub(crate) last_slow: Option<(Ticks, RequestId)>,
    pub(crate) last_scan: Option<(Ticks, RequestId)>,
}

/// What SQLite and `MonitoredConnection` told of the statements of one shape, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementFacts {
    /// Rows that they returned.
    pub rows: u64,
    /// Rows that they changed; `None` where no method of a `MonitoredConnection` told.
    pub rows_changed: Option<u64>,
    /// How many ran for the first time since they were prepared.
    pub fresh: u64,
    /// How many ran again, as those from `prepare_cached` do.
    pub reused: u64,
    /// How many were in a transaction that was begun before.
    pub in_transaction: u64,
    /// Instructions of SQLite's virtual machine.
    pub vm_steps: u64,
    /// How many read a table whole, or a part of it without an index.
    pub scans: u64,
    /// Steps from row to row while they did so.
    pub scan_steps: u64,
    /// How many sorted.
    pub sorts: u64,
    /// Rows put into indexes that SQLite made for one statement alone.
    pub auto_index_rows: u64,
    /// The time to prepare them, where a method of a `MonitoredConnection` did.
    pub prepare_time: Duration,
    /// The caller's own time between the rows, as far as it is known; it is in their durations.
    pub caller_time: Duration,
    /// How many returned more than one row.
    pub many_rows: u64,
    /// Of those, the time until the first row.
    pub first_row_time: Duration,
    /// How many waited for a lock.
    pub lock_waits: u64,
    /// How long they waited; it is in their durations.
    pub lock_wait_time: Duration,
    /// How often they asked for it again.
    pub lock_retries: u64,
    /// How many gave up waiting, and failed.
    pub lock_give_ups: u64,
}

/// What the statements of one shape did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StatementStats {
    /// The verb, such as `SELECT`.
    pub query_type: &'static str,
    /// The one table they are about; `unknown` where there is none, or more than one.
    pub table: String,
    /// `SELECT notes`, as in `Metric::operation_name`.
    pub name: String,
    /// Their text without literals, parameters, lists and comments.
    pub fingerprint: String,
    /// Their times and outcomes.
    pub tally: Tally,
    /// What they did.
    pub facts: StatementFacts,
    /// The annotated functions that ran them, the most frequent first; at most 8.
    pub functions: Vec<(String, u64)>,
    /// The requests that ran them, by `METHOD route`, and how many statements each route ran; at most 8.
    pub routes: Vec<(String, u64)>,
    /// The latest request in which one of them was slow.
    pub last_slow_request: Option<RequestId>,
    /// How SQLite runs them; asked for where one was slow, or looked at many rows for few.
    pub plan: Option<QueryPlan>,
}

/// An order of statements; the largest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementOrder {
    /// By all their time together.
    TotalTime,
    /// By the duration that 95 of 100 stay below.
    P95,
    /// By how many there were.
    Calls,
    /// By the rows they returned.
    Rows,
}

impl StatementOrder {
    pub(crate) fn key(self, statement: &StatementStats) -> u64 {
        match self {
            Self::TotalTime => nanos(statement.tally.total()),
            Self::P95 => nanos(statement.tally.quantile(0.95)),
            Self::Calls => statement.tally.count(),
            Self::Rows => statement.facts.rows,
        }
    }
}

impl StatementStats {
    /// Adds what other statements of this shape did.
    pub(crate) fn add(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.facts.merge(&other.facts);
        for (function, calls) in &other.functions {
            count(&mut self.functions, function.clone(), *calls, |known| {
                known == function
            });
        }
    }
}

impl StatementSeries {
    pub(crate) fn observe(&mut self, statement: &Statement, verdict: &Verdict) {
        self.tally.observe(statement.outcome(), verdict);
        self.facts.observe(statement);
        if let Some(function) = statement.function {
            self.count_function(function, 1);
        }
        let Some(request) = statement.request else {
            return;
        };
        let this = Some((statement.end(), request));
        if verdict.slow {
            self.last_slow = later(self.last_slow, this);
        }
        let detail = statement.detail.as_ref();
        if detail.is_some_and(|detail| detail.scan_steps | detail.auto_index_rows != 0) {
            self.last_scan = later(self.last_scan, this);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.tally.merge(&other.tally);
        self.facts.merge(&other.facts);
        for (function, calls) in other.functions {
            self.count_function(function, calls);
        }
        self.last_slow = later(self.last_slow, other.last_slow);
        self.last_scan = later(self.last_scan, other.last_scan);
    }

    fn count_function(&mut self, function: &'static Callsite, calls: u64) {
        count(&mut self.functions, function, calls, |known| {
            std::ptr::eq(*known, function)
        });
    }
}

fn later(
    one: Option<(Ticks, RequestId)>,
    other: Option<(Ticks, RequestId)>,
) -> Option<(Ticks, RequestId)> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.0 >= one.0 { other } else { one }),
        (known, None) | (None, known) => known,
    }
}

/// Adds to what is known, or makes it known while there is room.
pub(crate) fn count<T>(
    counts: &mut Vec<(T, u64)>,
    value: T,
    calls: u64,
    is_same: impl Fn(&T) -> bool,
) {
    if let Some((_, count)) = counts.iter_mut().find(|(known, _)| is_same(known)) {
        *count += calls;
    } else if counts.len() < MAX_CALLERS {
        counts.push((value, calls));
    }
}

impl StatementFacts {
    /// Returns the share of statements that had been prepared and run before, 0 to 1; `None` where nothing is known.
    pub fn reuse_rate(&self) -> Option<f64> {
        let known = self.fresh + self.reused;
        (known > 0).then(|| self.reused as f64 / known as f64)
    }

    fn observe(&mut self, statement: &Statement) {
        let flags = statement.flags;
        self.rows += u64::from(statement.rows);
        self.vm_steps += u64::from(statement.steps);
        self.fresh += u64::from(flags.has(Flags::FRESH));
        self.reused += u64::from(flags.has(Flags::REUSED));
        self.in_transaction += u64::from(flags.has(Flags::IN_TRANSACTION));
        if let Some(detail) = &statement.detail {
            self.observe_detail(detail);
        }
    }

    fn observe_detail(&mut self, detail: &StatementDetail) {
        self.rows_changed = sum(self.rows_changed, detail.rows_changed);
        self.scans += u64::from(detail.scan_steps > 0);
        self.scan_steps += u64::from(detail.scan_steps);
        self.sorts += u64::from(detail.sorts);
        self.auto_index_rows += u64::from(detail.auto_index_rows);
        self.prepare_time += detail.prepare.unwrap_or_default().duration();
        self.caller_time += detail.caller.duration();
        if let Some(first_row) = detail.first_row {
            self.many_rows += 1;
            self.first_row_time += first_row.duration();
        }
        if let Some(lock) = &detail.lock {
            self.lock_waits += 1;
            self.lock_wait_time += lock.waited.duration();
            self.lock_retries += u64::from(lock.retries);
            self.lock_give_ups += u64::from(lock.gave_up);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.rows_changed = sum(self.rows_changed, other.rows_changed);
        self.fresh += other.fresh;
        self.reused += other.reused;
        self.in_transaction += other.in_transaction;
        self.vm_steps += other.vm_steps;
        self.scans += other.scans;
        self.scan_steps += other.scan_steps;
        self.sorts += other.sorts;
        self.auto_index_rows += other.auto_index_rows;
        self.prepare_time += other.prepare_time;
        self.caller_time += other.caller_time;
        self.many_rows += other.many_rows;
        self.first_row_time += other.first_row_time;
        self.lock_waits += other.lock_waits;
        self.lock_wait_time += other.lock_wait_time;
        self.lock_retries += other.lock_retries;
        self.lock_give_ups += other.lock_give_ups;
    }
}
