//! One transaction, from its BEGIN to its end, and what those of one function did.

use std::time::Duration;

use crate::model::callsite::Callsite;
use crate::model::clock::{TickSpan, Ticks};
use crate::model::histogram::Histogram;
use crate::model::request_id::RequestId;

/// How many functions have a series of their own; the rest are counted with those of no function.
const MAX_SERIES: usize = 200;

/// One transaction that has ended.
#[derive(Debug)]
pub(crate) struct Transaction {
    /// The annotated function that began it.
    pub(crate) function: Option<&'static Callsite>,
    pub(crate) request: Option<RequestId>,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    /// How long it had the write lock; `None` where it wrote nothing.
    pub(crate) locked: Option<TickSpan>,
    /// While none of its statements ran.
    pub(crate) idle: TickSpan,
    /// How long its COMMIT took.
    pub(crate) commit: Option<TickSpan>,
    /// Between its BEGIN and its end.
    pub(crate) statements: u32,
    pub(crate) writes: u32,
    pub(crate) ending: Ending,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Committed,
    RolledBack,
    /// It was still open when its connection was given back, and was rolled back then.
    LeftOpen,
}

/// What the transactions did that one function began.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TransactionStats {
    /// The annotated function in which they were begun; `None` for all that were begun outside of any.
    pub function: Option<String>,
    /// How long they were open.
    pub open: Histogram,
    /// The sum of it.
    pub open_time: Duration,
    /// How long those that wrote had the write lock of the database.
    pub write_lock: Histogram,
    /// The sum of it.
    pub write_lock_time: Duration,
    /// The time in which they were open and none of their statements ran.
    pub idle_time: Duration,
    /// How long their COMMITs took.
    pub commit: Histogram,
    /// The sum of it.
    pub commit_time: Duration,
    /// Statements between their BEGIN and their end.
    pub statements: u64,
    /// Of those, the ones that write.
    pub writes: u64,
    /// How many were committed.
    pub committed: u64,
    /// How many were rolled back.
    pub rolled_back: u64,
    /// How many were still open when their connection was given back; they were rolled back then.
    pub left_open: u64,
}

impl TransactionStats {
    /// Returns how many there were.
    pub fn count(&self) -> u64 {
        self.committed + self.rolled_back + self.left_open
    }

    fn observe(&mut self, transaction: &Transaction) {
        let open = transaction.start.until(transaction.end);
        self.open.record(open);
        self.open_time += open;
        if let Some(locked) = transaction.locked {
            self.write_lock.record(locked.duration());
            self.write_lock_time += locked.duration();
        }
        if let Some(commit) = transaction.commit {
            self.commit.record(commit.duration());
            self.commit_time += commit.duration();
        }
        self.idle_time += transaction.idle.duration();
        self.statements += u64::from(transaction.statements);
        self.writes += u64::from(transaction.writes);
        match transaction.ending {
            Ending::Committed => self.committed += 1,
            Ending::RolledBack => self.rolled_back += 1,
            Ending::LeftOpen => self.left_open += 1,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.open.merge(&other.open);
        self.open_time += other.open_time;
        self.write_lock.merge(&other.write_lock);
        self.write_lock_time += other.write_lock_time;
        self.idle_time += other.idle_time;
        self.commit.merge(&other.commit);
        self.commit_time += other.commit_time;
        self.statements += other.statements;
        self.writes += other.writes;
        self.committed += other.committed;
        self.rolled_back += other.rolled_back;
        self.left_open += other.left_open;
    }
}

/// The series by the function that began them.
#[derive(Debug, Default)]
pub(crate) struct TransactionTable(Vec<(Option<&'static Callsite>, TransactionStats)>);

impl TransactionTable {
    pub(crate) fn observe(&mut self, transaction: &Transaction) {
        self.series(transaction.function).observe(transaction);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (function, theirs) in &other.0 {
            self.series(*function).merge(theirs);
        }
    }

    /// Everything, by the time it was open, the longest first.
    pub(crate) fn stats(&self) -> Vec<TransactionStats> {
        let series = self.0.iter().map(|(function, stats)| TransactionStats {
            function: function.map(|function| function.name().to_owned()),
            ..stats.clone()
        });
        let mut all: Vec<_> = series.filter(|stats| stats.count() > 0).collect();
        all.sort_by_key(|stats| std::cmp::Reverse(stats.open_time));
        all
    }

    fn series(&mut self, function: Option<&'static Callsite>) -> &mut TransactionStats {
        let at = match self.position(function) {
            Some(at) => at,
            None if self.0.len() < MAX_SERIES => self.push(function),
            None => match self.position(None) {
                Some(at) => at,
                None => self.push(None),
            },
        };
        &mut self.0[at].1
    }

    fn position(&self, function: Option<&'static Callsite>) -> Option<usize> {
        self.0
            .iter()
            .position(|(known, _)| match (known, function) {
                (Some(known), Some(function)) => std::ptr::eq(*known, function),
                (known, function) => known.is_none() && function.is_none(),
            })
    }

    fn push(&mut self, function: Option<&'static Callsite>) -> usize {
        self.0.push((function, TransactionStats::default()));
        self.0.len() - 1
    }
}
