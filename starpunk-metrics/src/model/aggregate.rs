//! What is counted: exact at any sampling rate, and it adds up.
//!
//! The collector owns one; a recording thread whose ring is full counts into one of its own, which the collector takes. So a
//! count is never lost to pressure, only a record.

use crate::model::callsite::{CallKind, Callsite};
use crate::model::ended_request::EndedRequest;
use crate::model::event::{Call, Event};
use crate::model::operation::Outcome;
use crate::model::policy::Verdict;
use crate::model::poll::PollStats;
use crate::model::pool::PoolSeries;
use crate::model::route::RouteSeries;
use crate::model::statement::Statement;
use crate::model::statement_stats::StatementSeries;
use crate::model::tally::Tally;
use crate::model::transaction::TransactionTable;

/// Everything that one pipeline has counted.
#[derive(Debug, Default)]
pub(crate) struct Aggregate {
    pub(crate) calls: Table<CallSeries>,
    pub(crate) statements: Table<StatementSeries>,
    pub(crate) routes: Table<RouteSeries>,
    pub(crate) transactions: TransactionTable,
    pub(crate) pools: Table<PoolSeries>,
}

/// The calls of one annotated place.
#[derive(Debug)]
pub(crate) struct CallSeries {
    pub(crate) site: &'static Callsite,
    /// Those that count as an operation of their own: of an annotated query, those in which no statement was seen.
    operations: Tally,
    /// Of an annotated query, those of them that were inside another of the same place. Each was the innermost that counts as an
    /// operation, so its time is in no other of them; but it is in that of a call.
    nested_operations: Tally,
    /// Of an annotated query, those that are told by their statements.
    told: Tally,
    /// Database operations recorded inside.
    pub(crate) statements: u64,
    pub(crate) polls: PollStats,
}

impl CallSeries {
    fn of(site: &'static Callsite) -> Self {
        Self {
            site,
            operations: Tally::default(),
            nested_operations: Tally::default(),
            told: Tally::default(),
            statements: 0,
            polls: PollStats::default(),
        }
    }

    /// The calls that count as an operation of their own, in two parts.
    pub(crate) fn parts(&self) -> [&Tally; 2] {
        [&self.operations, &self.nested_operations]
    }

    /// The calls that count as an operation of their own.
    pub(crate) fn operations(&self) -> Tally {
        let mut operations = self.operations.clone();
        operations.merge(&self.nested_operations);
        operations
    }

    /// All calls.
    pub(crate) fn calls(&self) -> Tally {
        let mut calls = self.operations.clone();
        calls.merge(&self.nested_operations.nested_all());
        calls.merge(&self.told);
        calls
    }
}

impl Aggregate {
    pub(crate) fn observe(&mut self, event: &Event, verdict: &Verdict) {
        match event {
            Event::Call(call) => self.observe_call(call, event.outcome(), verdict),
            Event::Statement(statement) => self.observe_statement(statement, verdict),
            Event::Request(request) => self.observe_request(request, verdict),
            Event::Transaction(transaction) => self.transactions.observe(transaction),
            Event::PoolUse(used) => {
                let series = self
                    .pools
                    .entry(usize::from(used.pool), PoolSeries::default);
                series.observe(used.what);
            }
        }
    }

    /// Whether nothing was counted.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            calls,
            statements,
            routes,
            transactions,
            pools,
        } = self;
        calls.0.is_empty()
            && statements.0.is_empty()
            && routes.0.is_empty()
            && transactions.is_empty()
            && pools.0.is_empty()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.calls.merge(other.calls, |mine, theirs| {
            mine.operations.merge(&theirs.operations);
            mine.nested_operations.merge(&theirs.nested_operations);
            mine.told.merge(&theirs.told);
            mine.statements += theirs.statements;
            mine.polls.merge(&theirs.polls);
        });
        self.statements
            .merge(other.statements, StatementSeries::merge);
        self.transactions.merge(&other.transactions);
        self.pools
            .merge(other.pools, |mine, theirs| mine.merge(&theirs));
        self.routes
            .merge(other.routes, |mine, theirs| mine.merge(&theirs));
    }

    #[inline]
    pub(crate) fn observe_call(&mut self, call: &Call, outcome: Outcome, verdict: &Verdict) {
        let series = self
            .calls
            .entry(call.site.index(), || CallSeries::of(call.site));
        series.statements += u64::from(call.statements);
        if call.polls.is_async() {
            let (busy, longest) = (call.polls.busy(), call.polls.longest());
            series.polls.observe(busy, longest, verdict.blocking);
        }
        if !call.is_operation() {
            series.told.observe(outcome, verdict);
        } else if verdict.nested && call.site.kind() == CallKind::Query {
            let verdict = Verdict {
                nested: false,
                ..*verdict
            };
            series.nested_operations.observe(outcome, &verdict);
        } else {
            series.operations.observe(outcome, verdict);
        }
    }

    #[inline]
    pub(crate) fn observe_statement(&mut self, statement: &Statement, verdict: &Verdict) {
        let series = self
            .statements
            .entry(usize::from(statement.shape), StatementSeries::default);
        series.observe(statement, verdict);
    }

    pub(crate) fn observe_request(&mut self, request: &EndedRequest, verdict: &Verdict) {
        let Some(end) = &request.end else { return };
        let series = self.routes.entry(end.route as usize, RouteSeries::default);
        series.observe(request, end, verdict);
    }
}

/// The sum of what is known; `None` where nothing is.
pub(crate) fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (known, None) | (None, known) => known,
    }
}

/// A new series: there are few, and the room for making one is not needed to find it again.
#[cold]
#[inline(never)]
fn first<T>(make: impl FnOnce() -> T) -> Box<T> {
    Box::new(make())
}

/// Series by their small number: a lookup is an index, not a hash.
#[derive(Debug)]
pub(crate) struct Table<T>(Vec<Option<Box<T>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Table<T> {
    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        self.0.get(number)?.as_deref()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let numbered = self.0.iter().enumerate();
        numbered.filter_map(|(number, series)| Some((number, &**series.as_ref()?)))
    }

    #[inline]
    fn entry(&mut self, number: usize, make: impl FnOnce() -> T) -> &mut T {
        if number >= self.0.len() {
            self.grow(number);
        }
        self.0[number].get_or_insert_with(|| first(make))
    }

    #[cold]
    fn grow(&mut self, number: usize) {
        self.0.resize_with(number + 1, || None);
    }

    fn merge(&mut self, other: Self, add: impl Fn(&mut T, T)) {
        for (number, theirs) in other.0.into_iter().enumerate() {
            let Some(theirs) = theirs else { continue };
            if number >= self.0.len() {
                self.0.resize_with(number + 1, || None);
            }
            match &mut self.0[number] {
                Some(mine) => add(mine, *theirs),
                empty => *empty = Some(theirs),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::Ticks;
    use crate::model::event::{CallFlags, Polls};
    use crate::model::operation::OutcomeKind;
    use std::time::Duration;

    fn verdict(nanos: u64) -> Verdict {
        Verdict {
            nanos,
            slow: false,
            forced: false,
            nested: false,
            blocking: false,
            untimed: false,
        }
    }

    fn call(site: &'static Callsite, statements: u32) -> Call {
        Call {
            site,
            start: Ticks::ZERO,
            end: Ticks::ZERO,
            request: None,
            detail: None,
            statements,
            polls: Polls::default(),
            flags: CallFlags::SAMPLED,
            outcome: OutcomeKind::Ok,
        }
    }

    #[test]
    fn merged_aggregates_count_what_both_counted() {
        static SITE: Callsite = Callsite::new(CallKind::Business, || "note_created");
        let event = |statements| Event::Call(call(&SITE, statements));
        let mut left = Aggregate::default();
        let mut right = Aggregate::default();
        left.observe(&event(1), &verdict(10));
        right.observe(&event(2), &verdict(30));
        left.merge(right);
        let (_, series) = left.calls.iter().next().expect("one series");
        assert_eq!(series.calls().count(), 2);
        assert_eq!(series.statements, 3);
        assert_eq!(series.calls().total(), Duration::from_nanos(40));
    }

    #[test]
    fn a_query_inside_itself_is_an_operation_with_its_time_and_a_call_without() {
        static SITE: Callsite = Callsite::new(CallKind::Query, || "tree");
        let mut aggregate = Aggregate::default();
        for nested in [false, true] {
            let event = Event::Call(call(&SITE, 0));
            let verdict = Verdict {
                nested,
                ..verdict(10)
            };
            aggregate.observe(&event, &verdict);
        }
        let told = Event::Call(call(&SITE, 1));
        aggregate.observe(&told, &verdict(100));
        let (_, series) = aggregate.calls.iter().next().expect("one series");
        let operations = series.operations();
        assert_eq!((operations.count(), operations.nested()), (2, 0));
        assert_eq!(operations.total(), Duration::from_nanos(20));
        let calls = series.calls();
        assert_eq!((calls.count(), calls.nested()), (3, 1));
        assert_eq!(calls.total(), Duration::from_nanos(110));
    }
}
