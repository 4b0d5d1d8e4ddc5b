//! What the collector has gathered: the counts, the two buffers of records, and what it found.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::collect::findings::Findings;
use crate::collect::ids::LatestRequests;
use crate::collect::kept_log;
use crate::collect::over_requests::OverRequests;
use crate::collect::requests::{End, Ended, Requests};
use crate::collect::ring::RingBuffer;
use crate::collect::traces::Traces;
use crate::collect::warnings::SlowWarnings;
use crate::model::aggregate::Aggregate;
use crate::model::clock::{Anchor, WallTime};
use crate::model::ended_request::EndedRequest;
use crate::model::event::{Call, CallFlags, Event};
use crate::model::names::Names;
use crate::model::operation::OutcomeKind;
use crate::model::plan::PlanReport;
use crate::model::policy::{Policy, Verdict};
use crate::model::request_id::RequestId;
use crate::model::sampling::Dice;
use crate::model::span::Child;
use crate::model::statement::{Flags, Statement};
use crate::model::statement_stats::count;
use crate::model::trace::{Children, Reasons, TraceRecord};

/// One kept operation, in the form in which it came; names are looked up when it is read.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) event: Event,
    pub(crate) nanos: u64,
    pub(crate) ended_at: WallTime,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) aggregate: Aggregate,
    /// Ordinary operations that the sampling kept.
    recent: RingBuffer<Record>,
    /// Forced ones have a buffer of their own: a flood of ordinary operations cannot push them out.
    forced: RingBuffer<Record>,
    over: OverRequests,
    dice: Cell<Dice>,
    requests: Requests,
    pub(crate) traces: Traces,
    pub(crate) findings: Findings,
    /// Of each shape, which routes ran it how often.
    pub(crate) callers: BTreeMap<u16, Vec<(u32, u64)>>,
    /// Of each shape that was asked for.
    pub(crate) plans: BTreeMap<u16, PlanReport>,
    warnings: SlowWarnings,
}

/// What the events are looked at with.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) names: &'a Names,
    pub(crate) anchor: Anchor,
    /// The number of the pipeline.
    pub(crate) pipeline: u64,
}

impl State {
    pub(crate) fn new(buffer_size: usize) -> Self {
        Self {
            aggregate: Aggregate::default(),
            recent: RingBuffer::new(buffer_size),
            forced: RingBuffer::new(buffer_size),
            over: OverRequests::default(),
            dice: Cell::new(Dice::seeded()),
            requests: Requests::default(),
            traces: Traces::default(),
            findings: Findings::default(),
            callers: BTreeMap::new(),
            plans: BTreeMap::new(),
            warnings: SlowWarnings::default(),
        }
    }

    /// Counts one event, and keeps its record if it must or may be kept.
    #[inline(always)]
    pub(crate) fn observe(&mut self, event: Event, thread: u32, view: &View<'_>) {
        match event {
            Event::Call(call) => self.observe_call(call, thread, view),
            Event::Statement(statement) => self.observe_statement(statement, thread, view),
            other => self.observe_other(other, thread, view),
        }
    }

    /// The most of all events: nothing is done for one that is not of a call.
    #[inline(never)]
    fn observe_call(&mut self, call: Call, thread: u32, view: &View<'_>) {
        let verdict = view.policy.judge_call(&call);
        self.aggregate.observe_call(&call, call.outcome(), &verdict);
        self.look_at_call(&call, thread);
        if verdict.forced || is_sampled(&call) {
            let ended_at = view.anchor.wall_time(call.end);
            self.keep_record(Event::Call(call), &verdict, ended_at);
        }
    }

    /// As it comes, and not yet as an event: of a busy site most are like the one that gives way to them.
    pub(crate) fn observe_request(&mut self, request: EndedRequest, thread: u32, view: &View<'_>) {
        let verdict = view.policy.judge_request(&request);
        self.aggregate.observe_request(&request, &verdict);
        let is_told = !request.is_excluded();
        let is_sampled = is_told && !verdict.forced && view.policy.sampling.keeps(&self.dice);
        let ended_at = view.anchor.wall_time(request.ended_at());
        let request = self.over.share(request);
        self.requests.end(End {
            request: Arc::clone(&request),
            thread,
            is_sampled,
            verdict,
        });
        if verdict.forced || is_sampled {
            let record = Record {
                event: Event::Request(request),
                nanos: verdict.nanos,
                ended_at,
            };
            let replaced = self.buffer(&verdict).replace(record);
            if let Some(Event::Request(over)) = replaced.map(|record| record.event) {
                self.over.give(over);
            }
        }
    }

    /// The most of all others.
    #[inline(never)]
    fn observe_statement(&mut self, statement: Statement, thread: u32, view: &View<'_>) {
        let verdict = Policy::judge_statement(&statement);
        if verdict.forced {
            return self.observe_other(Event::Statement(statement), thread, view);
        }
        self.aggregate.observe_statement(&statement, &verdict);
        self.look_at_statement(&statement, thread, view);
        if view.policy.sampling.keeps(&self.dice) {
            let ended_at = view.anchor.wall_time(statement.end());
            self.keep_record(Event::Statement(statement), &verdict, ended_at);
        }
    }

    #[inline(never)]
    fn observe_other(&mut self, event: Event, thread: u32, view: &View<'_>) {
        let verdict = view.policy.judge(&event);
        self.aggregate.observe(&event, &verdict);
        let is_sampled = !verdict.forced && self.samples(&event, view.policy);
        self.look_at(&event, &verdict, thread, is_sampled, view);
        if verdict.forced || is_sampled {
            self.keep(event, &verdict, &view.anchor);
        }
    }

    /// Keeps a forced event that its own thread has counted already.
    pub(crate) fn keep_counted(&mut self, event: Event, view: &View<'_>) {
        let verdict = view.policy.judge(&event);
        self.look_at(&event, &verdict, 0, false, view);
        self.keep(event, &verdict, &view.anchor);
    }

    /// Keeps a plan, unless a better one is known.
    pub(crate) fn learn(&mut self, report: PlanReport) {
        let is_known = self
            .plans
            .get(&report.shape)
            .is_some_and(PlanReport::has_steps);
        if report.has_steps() || !is_known {
            self.plans.insert(report.shape, report);
        }
    }

    /// Nothing follows.
    pub(crate) fn end(&mut self) {
        self.warnings.warn_of_last();
    }

    /// What comes from now on is of another round.
    pub(crate) fn next_round(&mut self) {
        self.requests.next_round();
    }

    /// Ends a round of collecting.
    pub(crate) fn settle(&mut self, view: &View<'_>) {
        let Self {
            requests,
            traces,
            findings,
            callers,
            over,
            ..
        } = self;
        requests.settle(|request| {
            count_callers(callers, &request);
            let reasons = findings.look_at_request(&request, view.names, view.policy);
            if reasons.is_empty() {
                return over.give(request.end.request);
            }
            let trace = trace_of(request, reasons, &view.anchor);
            kept_log::tell(&trace, view.names);
            if let Some(request) = traces.keep(trace) {
                over.give(request);
            }
        });
        self.warnings.warn_of_rest();
    }

    fn look_at(
        &mut self,
        event: &Event,
        verdict: &Verdict,
        thread: u32,
        is_sampled: bool,
        view: &View<'_>,
    ) {
        match event {
            Event::Statement(statement) => self.look_at_statement(statement, thread, view),
            Event::Call(call) => self.look_at_call(call, thread),
            Event::Request(request) => self.requests.end(End {
                request: Arc::clone(request),
                thread,
                is_sampled,
                verdict: *verdict,
            }),
            Event::PoolUse(used) if used.is_notable_wait() => {
                self.add_to_request(event.request_id(), || Child::of_pool_wait(*used, thread));
            }
            Event::Transaction(transaction) => self.findings.look_at_transaction(transaction),
            Event::PoolUse(_) => {}
        }
        if verdict.slow {
            self.warnings.warn(event, view.names);
        }
    }

    #[inline]
    fn look_at_statement(&mut self, statement: &Statement, thread: u32, view: &View<'_>) {
        self.add_to_request(statement.request, || Child::of_statement(statement, thread));
        if statement.flags.has(Flags::SCHEMA) {
            self.plans.clear();
        }
        if statement.detail.is_some() {
            self.findings.look_at_statement(statement, view.pipeline);
        }
    }

    #[inline]
    fn look_at_call(&mut self, call: &Call, thread: u32) {
        self.add_to_request(call.request, || Child::of_call(call, thread));
        if call.outcome == OutcomeKind::Error {
            self.findings.look_at_failure(call);
        }
    }

    #[inline]
    fn add_to_request(&mut self, request: Option<RequestId>, child: impl FnOnce() -> Child) {
        let Some(id) = request else { return };
        if let Some(late) = self.requests.add(id, child()) {
            self.traces.join(id, late);
        }
    }

    pub(crate) fn latest_requests(&self) -> &LatestRequests {
        &self.requests.latest
    }

    /// All records, and which of them are forced ones.
    pub(crate) fn records(&self) -> impl Iterator<Item = (&Record, bool)> {
        let recent = self.recent.iter().map(|record| (record, false));
        recent.chain(self.forced.iter().map(|record| (record, true)))
    }

    pub(crate) fn buffered(&self) -> usize {
        self.recent.len() + self.forced.len()
    }

    /// Whether the record of an ordinary event is kept.
    fn samples(&mut self, event: &Event, policy: &Policy) -> bool {
        match event {
            Event::Call(call) => is_sampled(call),
            Event::Statement(_) => policy.sampling.keeps(&self.dice),
            Event::Request(request) => !request.is_excluded() && policy.sampling.keeps(&self.dice),
            Event::Transaction(_) | Event::PoolUse(_) => false,
        }
    }

    fn keep(&mut self, event: Event, verdict: &Verdict, anchor: &Anchor) {
        // The others are no operations, and have no records.
        if event.is_operation() {
            let ended_at = anchor.wall_time(event.end());
            self.keep_record(event, verdict, ended_at);
        }
    }

    #[inline]
    fn keep_record(&mut self, event: Event, verdict: &Verdict, ended_at: WallTime) {
        self.buffer(verdict).push(Record {
            event,
            nanos: verdict.nanos,
            ended_at,
        });
    }

    #[inline]
    fn buffer(&mut self, verdict: &Verdict) -> &mut RingBuffer<Record> {
        if verdict.forced {
            &mut self.forced
        } else {
            &mut self.recent
        }
    }
}

/// Whether the record of an ordinary call is kept: its own thread has thrown the dice. A query whose statements tell of it has
/// nothing to add, but its fields.
fn is_sampled(call: &Call) -> bool {
    call.flags.has(CallFlags::SAMPLED) && (call.is_operation() || call.has_fields())
}

/// Which routes ran which shapes how often.
fn count_callers(callers: &mut BTreeMap<u16, Vec<(u32, u64)>>, request: &Ended) {
    let Some(end) = request.end.request.end.as_ref() else {
        return;
    };
    let route = end.route;
    for repeated in &request.statements {
        let routes = callers.entry(repeated.shape).or_default();
        count(routes, route, u64::from(repeated.count), |known| {
            *known == route
        });
    }
}

/// The trace of a request that is kept for these reasons.
#[inline]
fn trace_of(ended: Ended, reasons: Reasons, anchor: &Anchor) -> TraceRecord {
    let omitted = ended.omitted.max(ended.missing());
    let Ended { end, children, .. } = ended;
    TraceRecord {
        started_at: anchor.wall_time(end.request.start),
        duration: Duration::from_nanos(end.verdict.nanos),
        request: end.request,
        thread: end.thread,
        reasons,
        children: Children::from(children),
        omitted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ended_request::RequestEnd;
    use crate::model::request_id::RequestId;
    use crate::model::trace::TraceReason;

    #[test]
    fn a_trace_says_how_many_statements_never_came() {
        let end = RequestEnd {
            statements: 3,
            ..RequestEnd::UNKNOWN
        };
        let request = EndedRequest::new(RequestId::random(), Some(end));
        let ended = Ended {
            end: End {
                request: Arc::new(request),
                thread: 1,
                is_sampled: false,
                verdict: Verdict::ORDINARY,
            },
            children: Vec::new(),
            omitted: 1,
            statements: Vec::new(),
        };
        let mut reasons = Reasons::default();
        reasons.add(TraceReason::Sampled);
        let trace = trace_of(ended, reasons, &Anchor::now());
        assert_eq!(trace.omitted, 3);
    }
}
