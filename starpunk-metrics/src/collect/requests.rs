//! The requests that are under way, and what each does: its statements and functions, on all threads.
//!
//! A request's own event may be collected before the last of its statements, because they are posted on other threads. So
//! it is looked at one round after its end.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::collect::ids::{ById, Latest, LatestRequests};
use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::TickSpan;
use crate::model::request::Request;
use crate::model::request_id::RequestId;
use crate::model::span::{Child, What};
use crate::model::statement::Flags;
use crate::model::trace::MAX_SPANS;

/// How many requests are watched at once. What is beyond is counted as ever, but its story is not known.
const MAX_REQUESTS: usize = 4_096;

/// How many spans are held of all of them together, of 48 bytes each: less than 1 MB.
const MAX_HELD: usize = 16_384;

/// How many different statements are counted of a request that has more spans than are held.
const MAX_STATEMENTS: usize = 64;

/// Rounds without anything new after which a request that never ended is taken for ended: an hour and more.
const MAX_IDLE_ROUNDS: u64 = 36_000;

/// The same where there are too many: a minute.
const MAX_CROWDED_ROUNDS: u64 = 600;

/// What one request did so far.
#[derive(Debug, Default)]
struct Open {
    /// `len() <= MAX_SPANS`.
    children: Vec<Child>,
    omitted: u32,
    /// What of the omitted were statements.
    beyond: Vec<Repeated>,
    last_round: u64,
}

/// How often a request ran one statement.
#[derive(Debug)]
pub(crate) struct Repeated {
    pub(crate) shape: u16,
    /// The annotated function that ran it first.
    pub(crate) function: Option<&'static Callsite>,
    pub(crate) count: u32,
    /// Of those, the ones outside of any transaction.
    pub(crate) alone: u32,
    pub(crate) taken: TickSpan,
}

/// The end of a request, as it was collected.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) request: Arc<Request>,
    /// The thread that posted it; 0 where that is not known.
    pub(crate) thread: u32,
    /// Whether the dice kept its record.
    pub(crate) is_sampled: bool,
}

/// A request of which nothing more is expected.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) children: Vec<Child>,
    pub(crate) omitted: u32,
    pub(crate) statements: Vec<Repeated>,
}

#[derive(Debug, Default)]
pub(crate) struct Requests {
    open: HashMap<RequestId, Open, ById>,
    /// Of all in `open`; `held <= MAX_HELD`.
    held: usize,
    /// The latest last, with the round in which the end was seen.
    ended: VecDeque<(End, u64)>,
    round: u64,
    /// The round in which room was looked for last.
    crowded_in: Option<u64>,
    /// Those that were looked at.
    pub(crate) latest: LatestRequests,
}

impl Requests {
    /// Takes in what was done for a request; hands it back where that was looked at already.
    pub(crate) fn add(&mut self, id: RequestId, child: Child) -> Option<Child> {
        if !self.open.contains_key(&id) {
            if self
                .latest
                .of(id)
                .is_some_and(|latest| latest.has_done(&child))
            {
                return Some(child);
            }
            self.make_room();
            if self.open.len() >= MAX_REQUESTS {
                return None;
            }
        }
        let has_room = self.held < MAX_HELD;
        let request = self.open.entry(id).or_default();
        request.last_round = self.round;
        if has_room && request.children.len() < MAX_SPANS {
            request.children.push(child);
            self.held += 1;
        } else {
            request.omitted += 1;
            count(&mut request.beyond, &child);
        }
        None
    }

    /// Once a round: a flood must not look for room with every statement.
    fn make_room(&mut self) {
        if self.open.len() < MAX_REQUESTS || self.crowded_in == Some(self.round) {
            return;
        }
        let round = self.round;
        self.crowded_in = Some(round);
        let held = &mut self.held;
        self.open.retain(|_, request| {
            let stays = round - request.last_round <= MAX_CROWDED_ROUNDS;
            *held -= if stays { 0 } else { request.children.len() };
            stays
        });
    }

    pub(crate) fn end(&mut self, end: End) {
        self.ended.push_back((end, self.round));
    }

    /// Ends a round: what ended in one before it is looked at.
    ///
    /// `join` is given what came late: work of an id that a peer might have sent again, and has not.
    pub(crate) fn settle(
        &mut self,
        mut look: impl FnMut(Ended),
        join: impl FnMut(RequestId, Child),
    ) {
        while let Some((end, round)) = self.ended.pop_front() {
            if round == self.round {
                self.ended.push_front((end, round));
                break;
            }
            let id = end.request.id;
            self.latest.push(id, Latest::of(&end.request));
            let request = self.open.remove(&id).unwrap_or_default();
            self.held -= request.children.len();
            if !end.request.is_excluded() {
                look(request.ended(end));
            }
        }
        self.round += 1;
        if self.round.is_multiple_of(100) {
            self.forget_idle(join);
        }
    }

    /// What comes from now on is of another round.
    pub(crate) fn next_round(&mut self) {
        self.round += 1;
    }

    /// Work that outlived its request, or whose request's end was lost, must not stay for ever.
    fn forget_idle(&mut self, mut join: impl FnMut(RequestId, Child)) {
        let Self {
            open,
            held,
            round,
            latest,
            ..
        } = self;
        let gone = open.extract_if(|id, request| {
            let idle = *round - request.last_round;
            let is_late = latest.of(*id).is_some();
            idle > MAX_IDLE_ROUNDS || idle > MAX_CROWDED_ROUNDS && is_late
        });
        for (id, request) in gone {
            *held -= request.children.len();
            request
                .children
                .into_iter()
                .for_each(|child| join(id, child));
        }
    }
}

impl Ended {
    /// How many of its statements never came, at least: under pressure ordinary events are counted where they happen.
    pub(crate) fn missing(&self) -> u32 {
        let counted = self.end.request.end().map_or(0, |end| end.statements);
        let is_one = |child: &&Child| match child.what {
            What::Statement { .. } => true,
            // It counts as one where no statement was seen inside.
            What::Function(site) => site.kind() == CallKind::Query,
            What::PoolWait(_) => false,
        };
        let told = self.children.iter().filter(is_one).count();
        counted.saturating_sub(u32::try_from(told).unwrap_or(u32::MAX))
    }
}

impl Latest {
    fn of(request: &Request) -> Self {
        let end = request.end();
        let adopted = end.filter(|_| request.adopted_id().is_some());
        Self {
            route: end.map(|end| end.route),
            may_return_after: adopted.map(|end| end.end),
        }
    }

    /// Whether something is late work of it, and not of another request with its id.
    fn has_done(self, child: &Child) -> bool {
        self.may_return_after.is_none_or(|end| child.start <= end)
    }
}

impl Open {
    fn ended(self, end: End) -> Ended {
        let mut statements = self.beyond;
        for child in &self.children {
            count(&mut statements, child);
        }
        Ended {
            end,
            children: self.children,
            omitted: self.omitted,
            statements,
        }
    }
}

fn count(statements: &mut Vec<Repeated>, child: &Child) {
    let What::Statement { shape, function } = child.what else {
        return;
    };
    let alone = u32::from(!child.flags.has(Flags::IN_TRANSACTION));
    if let Some(known) = statements.iter_mut().find(|known| known.shape == shape) {
        known.count += 1;
        known.alone += alone;
        known.taken += child.taken;
    } else if statements.len() < MAX_STATEMENTS {
        statements.push(Repeated {
            shape,
            function,
            count: 1,
            alone,
            taken: child.taken,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client_request_id::ClientRequestId;
    use crate::model::clock::Ticks;
    use crate::model::operation::OutcomeKind;
    use crate::model::request::{Inbound, RequestEnd};
    use crate::model::statement::Statement;

    fn statement(id: RequestId, shape: u16) -> Child {
        let statement = Statement {
            function: None,
            start: Ticks::ZERO,
            detail: None,
            request: Some(id),
            taken: TickSpan::default(),
            rows: 0,
            steps: 0,
            shape,
            flags: Flags::default(),
            outcome: OutcomeKind::Ok,
        };
        Child::of_statement(&statement, 1)
    }

    fn end(id: RequestId) -> End {
        End {
            request: Arc::new(Request::new(id, Ticks::ZERO, None)),
            thread: 1,
            is_sampled: false,
        }
    }

    /// How many statements of how many shapes are told of what has ended.
    fn told(requests: &mut Requests) -> Vec<(u32, usize)> {
        let mut told = Vec::new();
        requests.settle(
            |ended| {
                let count = ended.statements.iter().map(|repeated| repeated.count).sum();
                told.push((count, ended.statements.len()));
            },
            |_, _| {},
        );
        told
    }

    #[test]
    fn a_request_is_looked_at_one_round_after_its_end() {
        let mut requests = Requests::default();
        let id = RequestId::random();
        requests.add(id, statement(id, 1));
        requests.end(end(id));
        assert_eq!(told(&mut requests), []);
        // Collected after the end, because it was posted on another thread.
        assert!(requests.add(id, statement(id, 1)).is_none());
        assert_eq!(told(&mut requests), [(2, 1)]);
        assert_eq!(told(&mut requests), []);
        assert!(
            requests.add(id, statement(id, 1)).is_some(),
            "it comes too late"
        );
    }

    #[test]
    fn a_request_without_statements_is_looked_at_too() {
        let mut requests = Requests::default();
        requests.end(end(RequestId::random()));
        told(&mut requests);
        assert_eq!(told(&mut requests), [(0, 0)]);
    }

    #[test]
    fn one_that_was_left_out_is_not_looked_at() {
        let mut requests = Requests::default();
        let end = end(RequestId::random());
        let id = end.request.id;
        requests.add(id, statement(id, 1));
        end.request.exclude();
        requests.end(end);
        told(&mut requests);
        assert_eq!(told(&mut requests), []);
        assert!(requests.open.is_empty());
        assert_eq!(requests.held, 0);
    }

    #[test]
    fn work_that_outlives_its_request_does_not_end_the_watching_of_others() {
        let mut requests = Requests::default();
        for _ in 0..=MAX_REQUESTS {
            let id = RequestId::random();
            requests.add(id, statement(id, 1));
            requests.end(end(id));
            told(&mut requests);
            told(&mut requests);
            requests.add(id, statement(id, 1));
        }
        assert!(requests.open.is_empty());
        assert_eq!(requests.held, 0);
    }

    #[test]
    fn requests_whose_end_was_lost_make_room_after_a_while() {
        let mut requests = Requests::default();
        for _ in 0..MAX_REQUESTS {
            let id = RequestId::random();
            requests.add(id, statement(id, 1));
        }
        let late = RequestId::random();
        requests.add(late, statement(late, 1));
        assert_eq!(requests.open.len(), MAX_REQUESTS, "there is a bound");
        (0..=MAX_CROWDED_ROUNDS).for_each(|_| drop(told(&mut requests)));
        requests.add(late, statement(late, 1));
        assert_eq!((requests.open.len(), requests.held), (1, 1));
    }

    #[test]
    fn a_request_of_many_statements_has_them_all_counted_and_some_held() {
        let mut requests = Requests::default();
        let id = RequestId::random();
        for _ in 0..1_000 {
            requests.add(id, statement(id, 1));
        }
        requests.end(end(id));
        told(&mut requests);
        requests.settle(
            |ended| {
                assert_eq!((ended.children.len(), ended.omitted), (MAX_SPANS, 800));
                assert_eq!(ended.statements[0].count, 1_000);
            },
            |_, _| {},
        );
    }

    #[test]
    fn all_requests_together_hold_so_much_and_no_more() {
        let mut requests = Requests::default();
        let ids: Vec<RequestId> = (0..MAX_HELD / 100).map(|_| RequestId::random()).collect();
        for id in &ids {
            for _ in 0..MAX_SPANS {
                requests.add(*id, statement(*id, 1));
            }
        }
        assert_eq!(requests.held, MAX_HELD);
        for id in ids {
            requests.end(end(id));
        }
        told(&mut requests);
        let told = told(&mut requests);
        assert!(told.iter().all(|(count, _)| *count == MAX_SPANS as u32));
        assert_eq!(requests.held, 0);
    }

    #[test]
    fn what_comes_late_for_an_id_that_is_not_sent_again_joins_after_a_while() {
        let mut requests = Requests::default();
        let sent = ClientRequestId::parse(b"again").expect("it is valid");
        let inbound = Inbound {
            client_request_id: Some(sent),
            is_adopted: true,
            trace_parent: None,
        };
        let id = RequestId::random();
        let request = Request::new(id, Ticks::ZERO, Some(Box::new(inbound)));
        request.finish(RequestEnd::UNKNOWN);
        requests.end(End {
            request: Arc::new(request),
            thread: 1,
            is_sampled: false,
        });
        told(&mut requests);
        told(&mut requests);
        let mut late = statement(id, 1);
        late.start = Ticks::now();
        assert!(requests.add(id, late).is_none(), "it may be of another");
        let mut joined = Vec::new();
        for _ in 0..MAX_CROWDED_ROUNDS + 200 {
            requests.settle(|_| {}, |id, _| joined.push(id));
        }
        assert_eq!(joined, [id]);
        assert_eq!((requests.open.len(), requests.held), (0, 0));
    }
}
