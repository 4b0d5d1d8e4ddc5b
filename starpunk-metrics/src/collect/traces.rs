//! The traces that are kept: the latest that matter, the latest others, and the slowest of each route.
//!
//! Bounded by their number and by their bytes, whichever is first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::collect::ids::ById;
use crate::model::request_id::RequestId;
use crate::model::span::Child;
use crate::model::trace::{TraceReason, TraceRecord};

/// How many traces are kept, and how many bytes of them.
const MAX_TRACES: usize = 500;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How many of a route stay because none of it were slower.
const SLOWEST_OF_A_ROUTE: usize = 5;

/// The number of a trace, in the order in which they came. Ids would not do: a trusted peer may send one twice.
type Number = u64;

#[derive(Debug, Default)]
pub(crate) struct Traces {
    kept: BTreeMap<Number, Kept>,
    /// The latest trace of each request.
    by_id: HashMap<RequestId, Number, ById>,
    /// The numbers in `kept` that are not among the slowest, oldest first.
    notable: VecDeque<Number>,
    ordinary: VecDeque<Number>,
    /// By route, slowest first.
    slowest: BTreeMap<u32, Vec<Number>>,
    next: Number,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    record: Arc<TraceRecord>,
    bytes: usize,
}

impl Traces {
    /// The traces, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<TraceRecord>> {
        self.kept.values().map(|kept| &kept.record)
    }

    /// The latest trace of a request.
    pub(crate) fn of(&self, id: RequestId) -> Option<&Arc<TraceRecord>> {
        let kept = self.kept.get(self.by_id.get(&id)?)?;
        Some(&kept.record)
    }

    /// Keeps a trace, and lets go of what there is no room for.
    pub(crate) fn keep(&mut self, record: TraceRecord) {
        let number = self.next;
        self.next += 1;
        let id = record.request.id;
        let bytes = record.bytes();
        let route = record.end.route;
        self.bytes += bytes;
        self.by_id.insert(id, number);
        let record = Arc::new(record);
        self.kept.insert(number, Kept { record, bytes });
        self.place(route, number);
        while self.kept.len() > MAX_TRACES || self.bytes > MAX_BYTES && self.kept.len() > 1 {
            self.let_one_go();
        }
    }

    /// Adds what was done for a request after its trace was kept.
    pub(crate) fn join(&mut self, id: RequestId, child: Child) {
        let number = self.by_id.get(&id);
        let Some(kept) = number.and_then(|number| self.kept.get_mut(number)) else {
            return;
        };
        // A copy only where a reader still has the one before.
        Arc::make_mut(&mut kept.record).join(child);
        let bytes = kept.record.bytes();
        self.bytes = self.bytes - kept.bytes + bytes;
        kept.bytes = bytes;
        while self.bytes > MAX_BYTES && self.kept.len() > 1 {
            self.let_one_go();
        }
    }

    /// Among the slowest of its route, or in line with the rest. Whoever it displaces there gets in line instead.
    fn place(&mut self, route: u32, number: Number) {
        let Self { kept, slowest, .. } = self;
        let duration = |number: &Number| kept.get(number).map(|kept| kept.record.duration());
        let slowest = slowest.entry(route).or_default();
        let at = slowest.partition_point(|known| duration(known) >= duration(&number));
        slowest.insert(at, number);
        let displaced = (slowest.len() > SLOWEST_OF_A_ROUTE).then(|| slowest.pop());
        if let Some(displaced) = displaced.flatten() {
            self.line_up(displaced);
        }
    }

    fn line_up(&mut self, number: Number) {
        let Some(kept) = self.kept.get(&number) else {
            return;
        };
        let line = if kept.record.reasons == [TraceReason::Sampled] {
            &mut self.ordinary
        } else {
            &mut self.notable
        };
        // One that was among the slowest may be older than the last in line.
        let at = line.partition_point(|known| *known < number);
        line.insert(at, number);
    }

    /// The oldest of the ordinary ones; else of the notable ones, unless the slowest of all routes have taken more than half of
    /// the room.
    fn let_one_go(&mut self) {
        let in_line = self.notable.len() + self.ordinary.len();
        let slowest = self.kept.len() - in_line;
        let is_crowded = slowest > MAX_TRACES / 2 || in_line == 0;
        if self.ordinary.is_empty() && is_crowded {
            // It is out of that list, and leaves room only where it is worth no other place.
            if let Some(number) = self.let_slowest_go() {
                self.line_up(number);
            }
            return;
        }
        let oldest = self
            .ordinary
            .pop_front()
            .or_else(|| self.notable.pop_front());
        let Some(kept) = oldest.and_then(|oldest| self.kept.remove(&oldest)) else {
            return;
        };
        self.bytes -= kept.bytes;
        let id = kept.record.request.id;
        if self.by_id.get(&id).copied() == oldest {
            self.by_id.remove(&id);
        }
    }

    /// Takes the oldest out of the longest list of slowest ones.
    fn let_slowest_go(&mut self) -> Option<Number> {
        let lists = self.slowest.iter_mut();
        let (&route, list) =
            lists.min_by_key(|(_, list)| (Reverse(list.len()), list.iter().min().copied()))?;
        let (at, _) = list.iter().enumerate().min_by_key(|(_, number)| **number)?;
        let number = list.remove(at);
        if list.is_empty() {
            self.slowest.remove(&route);
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    use crate::model::clock::{TickSpan, Ticks, ticks_in};
    use crate::model::operation::OutcomeKind;
    use crate::model::request::{Request, RequestEnd, RequestPolls};
    use crate::model::request_outcome::RequestOutcome;
    use crate::model::statement::{Flags, Statement};

    fn trace(id: RequestId, route: u32, millis: u64, reason: TraceReason) -> TraceRecord {
        let taken = TickSpan::of(ticks_in(Duration::from_millis(millis)));
        let end = RequestEnd {
            route,
            outcome: RequestOutcome::Ok,
            status: Some(200),
            head: None,
            end: Ticks::ZERO.after(taken),
            response_bytes: 0,
            is_session: false,
            polls: RequestPolls::NONE,
            statements: 0,
            statement_ticks: 0,
        };
        let request = Request::new(id, Ticks::ZERO, None);
        request.finish(end.clone());
        TraceRecord {
            request: Arc::new(request),
            end,
            started_at: SystemTime::UNIX_EPOCH,
            thread: 1,
            reasons: vec![reason],
            children: Vec::new(),
            omitted: 0,
        }
    }

    fn child() -> Child {
        let statement = Statement {
            function: None,
            start: Ticks::ZERO,
            detail: None,
            request: None,
            taken: TickSpan::ZERO,
            rows: 0,
            steps: 0,
            shape: 1,
            flags: Flags::default(),
            outcome: OutcomeKind::Ok,
        };
        Child::of_statement(&statement, 1)
    }

    fn keep(traces: &mut Traces, route: u32, millis: u64, reason: TraceReason) -> RequestId {
        let id = RequestId::random();
        traces.keep(trace(id, route, millis, reason));
        id
    }

    #[test]
    fn a_flood_of_ordinary_ones_pushes_out_neither_failures_nor_the_slowest() {
        let mut traces = Traces::default();
        let failed = keep(&mut traces, 1, 1, TraceReason::Failed);
        let slowest: Vec<RequestId> = (0..SLOWEST_OF_A_ROUTE)
            .map(|_| keep(&mut traces, 1, 500, TraceReason::Sampled))
            .collect();
        let first = keep(&mut traces, 1, 1, TraceReason::Sampled);
        for _ in 0..2 * MAX_TRACES {
            keep(&mut traces, 1, 2, TraceReason::Sampled);
        }
        assert_eq!(traces.iter().count(), MAX_TRACES);
        assert!(traces.of(failed).is_some());
        assert!(slowest.iter().all(|id| traces.of(*id).is_some()));
        assert!(traces.of(first).is_none());
    }

    #[test]
    fn a_slower_one_takes_the_place_of_the_least_slow() {
        let mut traces = Traces::default();
        let ids: Vec<RequestId> = (1..=6)
            .map(|millis| keep(&mut traces, 1, millis, TraceReason::Sampled))
            .collect();
        for _ in 0..MAX_TRACES {
            keep(&mut traces, 2, 1, TraceReason::Sampled);
        }
        assert!(traces.of(ids[0]).is_none(), "five of its route were slower");
        assert!(ids[1..].iter().all(|id| traces.of(*id).is_some()));
    }

    #[test]
    fn the_slowest_of_many_routes_leave_room_for_what_fails() {
        let mut traces = Traces::default();
        for route in 0..200 {
            for _ in 0..SLOWEST_OF_A_ROUTE {
                keep(&mut traces, route, 5, TraceReason::Sampled);
            }
        }
        let failed: Vec<RequestId> = (0..MAX_TRACES / 2)
            .map(|_| keep(&mut traces, 1, 1, TraceReason::Failed))
            .collect();
        assert_eq!(traces.iter().count(), MAX_TRACES);
        assert!(failed.iter().all(|id| traces.of(*id).is_some()));
    }

    #[test]
    fn large_ones_are_fewer() {
        let mut traces = Traces::default();
        for _ in 0..MAX_TRACES {
            let mut large = trace(RequestId::random(), 1, 1, TraceReason::Failed);
            large.children = (0..200).map(|_| child()).collect();
            traces.keep(large);
        }
        let count = traces.iter().count();
        assert!((100..MAX_TRACES).contains(&count), "{count}");
        let bytes: usize = traces.iter().map(|trace| trace.bytes()).sum();
        assert_eq!(traces.bytes, bytes);
        assert!(bytes <= MAX_BYTES);
    }

    #[test]
    fn what_comes_late_joins_and_a_reader_keeps_what_it_has() {
        let mut traces = Traces::default();
        let id = keep(&mut traces, 1, 1, TraceReason::Failed);
        let before = traces.of(id).cloned().expect("it is kept");
        traces.join(id, child());
        traces.join(RequestId::random(), child());
        assert_eq!(before.children.len(), 0);
        let after = traces.of(id).expect("it is kept");
        assert_eq!(after.children.len(), 1);
        assert_eq!(traces.bytes, after.bytes());
    }

    #[test]
    fn of_two_requests_with_one_id_the_latest_is_found_and_both_are_told() {
        let mut traces = Traces::default();
        let id = RequestId::random();
        traces.keep(trace(id, 1, 1, TraceReason::Failed));
        traces.keep(trace(id, 2, 1, TraceReason::Failed));
        assert_eq!(traces.of(id).map(|trace| trace.end.route), Some(2));
        assert_eq!(traces.iter().count(), 2);
    }
}
