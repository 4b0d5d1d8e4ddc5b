//! The traces that are kept: the latest that matter, the latest others, and the slowest of each route.
//!
//! Bounded by their number and by their bytes, whichever is first.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::ended_request::EndedRequest;
use crate::model::request_id::RequestId;
use crate::model::span::Child;
use crate::model::trace::TraceRecord;

/// How many traces are kept, and how many bytes of them.
const MAX_TRACES: usize = 500;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How many that clients left may push out others.
const MAX_LEFT: usize = 100;

/// How many of a route stay because none of it were slower.
const SLOWEST_OF_A_ROUTE: usize = 5;

/// Each trace is in one of the three places. To keep one is to move it; to look for one, which is rare, is to look at all.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Oldest first.
    notable: VecDeque<Kept>,
    /// Those that clients left: anybody can make as many as he likes.
    left: VecDeque<Kept>,
    ordinary: VecDeque<Kept>,
    /// By the number of the route; of each the slowest first, and at most five.
    slowest: Vec<Vec<Kept>>,
    count: usize,
    bytes: usize,
    next: u64,
}

#[derive(Debug)]
struct Kept {
    /// In the order in which they came. The id would not do: a trusted peer may send one twice.
    number: u64,
    id: RequestId,
    bytes: usize,
    record: TraceRecord,
}

impl Traces {
    /// The traces, in the order in which they began.
    pub(crate) fn sorted(&self) -> Vec<&TraceRecord> {
        let mut all: Vec<&Kept> = self.iter().collect();
        all.sort_by_key(|kept| (kept.record.request.start, kept.number));
        all.into_iter().map(|kept| &kept.record).collect()
    }

    /// The latest trace of a request.
    pub(crate) fn of(&self, id: RequestId) -> Option<&TraceRecord> {
        let found = self.iter().filter(|kept| kept.id == id);
        found
            .max_by_key(|kept| kept.number)
            .map(|kept| &kept.record)
    }

    fn iter(&self) -> impl Iterator<Item = &Kept> {
        let in_line = self.notable.iter().chain(&self.left).chain(&self.ordinary);
        in_line.chain(self.slowest.iter().flatten())
    }

    /// Keeps a trace, and lets go of what there is no room for: the request of that is handed back.
    pub(crate) fn keep(&mut self, record: TraceRecord) -> Option<Arc<EndedRequest>> {
        let kept = Kept {
            number: self.next,
            id: record.request.id,
            bytes: record.bytes(),
            record,
        };
        self.next += 1;
        self.count += 1;
        self.bytes += kept.bytes;
        self.place(kept);
        self.make_room()
    }

    /// Adds what was done for a request after its trace was kept.
    pub(crate) fn join(&mut self, id: RequestId, child: Child) {
        let in_line = self.notable.iter_mut().chain(&mut self.left);
        let in_line = in_line.chain(&mut self.ordinary);
        let all = in_line.chain(self.slowest.iter_mut().flatten());
        let found = all.filter(|kept| kept.id == id);
        let Some(kept) = found.max_by_key(|kept| kept.number) else {
            return;
        };
        kept.record.join(child);
        let bytes = kept.record.bytes();
        self.bytes = self.bytes - kept.bytes + bytes;
        kept.bytes = bytes;
        self.make_room();
    }

    /// Among the slowest of its route, or in line with the rest. Whoever it displaces there gets in line instead.
    fn place(&mut self, kept: Kept) {
        let route = kept.record.end().route as usize;
        if route >= self.slowest.len() {
            self.slowest.resize_with(route + 1, Vec::new);
        }
        let slowest = &mut self.slowest[route];
        let is_full = slowest.len() >= SLOWEST_OF_A_ROUTE;
        if is_full
            && slowest
                .last()
                .is_some_and(|least| kept.record.duration <= least.record.duration)
        {
            return self.line_up(kept);
        }
        let at = slowest.partition_point(|known| known.record.duration >= kept.record.duration);
        slowest.insert(at, kept);
        let displaced = if is_full { slowest.pop() } else { None };
        if let Some(displaced) = displaced {
            self.line_up(displaced);
        }
    }

    fn line_up(&mut self, kept: Kept) {
        let line = if kept.record.reasons.is_ordinary() {
            &mut self.ordinary
        } else if kept.record.end().outcome.is_left() {
            &mut self.left
        } else {
            &mut self.notable
        };
        if line.back().is_none_or(|last| last.number < kept.number) {
            line.push_back(kept);
        } else {
            // It was among the slowest before.
            let at = line.partition_point(|known| known.number < kept.number);
            line.insert(at, kept);
        }
    }

    /// Hands back the last request that it lets go of.
    fn make_room(&mut self) -> Option<Arc<EndedRequest>> {
        let mut last = None;
        while self.count > MAX_TRACES || self.bytes > MAX_BYTES && self.count > 1 {
            last = self.let_one_go();
        }
        last
    }

    /// The oldest of the ordinary ones; else of the notable ones, unless those that clients left are too many, or the slowest of all routes have taken more than half of
    /// the room.
    fn let_one_go(&mut self) -> Option<Arc<EndedRequest>> {
        if self.ordinary.is_empty() && self.is_crowded() {
            // It is out of that list, and leaves room only where it is worth no other place.
            if let Some(kept) = self.let_slowest_go() {
                self.line_up(kept);
            }
            return None;
        }
        let line = if !self.ordinary.is_empty() {
            &mut self.ordinary
        } else if self.left.len() > MAX_LEFT || self.notable.is_empty() {
            &mut self.left
        } else {
            &mut self.notable
        };
        let kept = line.pop_front()?;
        self.count -= 1;
        self.bytes -= kept.bytes;
        Some(kept.record.request)
    }

    /// Whether the slowest have taken too much of the room, where there are no ordinary ones.
    fn is_crowded(&self) -> bool {
        let in_line = self.notable.len() + self.left.len();
        self.count - in_line > MAX_TRACES / 2 || in_line == 0
    }

    /// Takes the oldest out of the longest list of slowest ones.
    fn let_slowest_go(&mut self) -> Option<Kept> {
        let lists = self.slowest.iter_mut().filter(|list| !list.is_empty());
        let oldest = |list: &[Kept]| list.iter().map(|kept| kept.number).min();
        let list = lists.min_by_key(|list| (Reverse(list.len()), oldest(list)))?;
        let (at, _) = list
            .iter()
            .enumerate()
            .min_by_key(|(_, kept)| kept.number)?;
        Some(list.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    use crate::model::clock::{TickSpan, Ticks, WallTime, ticks_in};
    use crate::model::ended_request::{RequestEnd, RequestPolls};
    use crate::model::operation::OutcomeKind;
    use crate::model::request_outcome::RequestOutcome;
    use crate::model::statement::{Flags, Statement};
    use crate::model::trace::{Children, Reasons, TraceReason};

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
        let mut reasons = Reasons::default();
        reasons.add(reason);
        TraceRecord {
            request: Arc::new(EndedRequest::new(id, Some(end))),
            started_at: WallTime::from(SystemTime::UNIX_EPOCH),
            duration: Duration::from_millis(millis),
            thread: 1,
            reasons,
            children: Children::default(),
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
        assert_eq!(traces.sorted().len(), MAX_TRACES);
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
        assert_eq!(traces.sorted().len(), MAX_TRACES);
        assert!(failed.iter().all(|id| traces.of(*id).is_some()));
    }

    #[test]
    fn those_that_clients_left_do_not_push_out_what_failed() {
        let mut traces = Traces::default();
        let failed: Vec<RequestId> = (0..MAX_TRACES - 2 * MAX_LEFT)
            .map(|_| keep(&mut traces, 1, 1, TraceReason::Failed))
            .collect();
        for _ in 0..2 * MAX_TRACES {
            let mut left = trace(RequestId::random(), 1, 1, TraceReason::Failed);
            let end = RequestEnd {
                outcome: RequestOutcome::Cancelled,
                ..left.end().clone()
            };
            left.request = Arc::new(EndedRequest::new(left.request.id, Some(end)));
            traces.keep(left);
        }
        assert!(failed.iter().all(|id| traces.of(*id).is_some()));
        assert_eq!(traces.sorted().len(), MAX_TRACES);
    }

    #[test]
    fn large_ones_are_fewer() {
        let mut traces = Traces::default();
        for _ in 0..MAX_TRACES {
            let mut large = trace(RequestId::random(), 1, 1, TraceReason::Failed);
            large.children = Children::from((0..200).map(|_| child()).collect::<Vec<Child>>());
            traces.keep(large);
        }
        let count = traces.sorted().len();
        assert!((100..MAX_TRACES).contains(&count), "{count}");
        let bytes: usize = traces.sorted().iter().map(|trace| trace.bytes()).sum();
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
        assert_eq!(traces.of(id).map(|trace| trace.end().route), Some(2));
        assert_eq!(traces.sorted().len(), 2);
    }
}
