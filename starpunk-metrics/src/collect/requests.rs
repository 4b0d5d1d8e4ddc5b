//! The requests that are under way, and how often each runs the same statement.
//!
//! A request's own event may be collected before the last of its statements, because they are posted on other threads. So
//! it is looked at one round after its end.

use std::collections::{HashMap, VecDeque};

use crate::model::callsite::Callsite;
use crate::model::clock::TickSpan;
use crate::model::request_id::RequestId;
use crate::model::statement::{Flags, Statement};

/// How many requests are watched at once, and how many different statements of each. What is beyond is counted as ever, but
/// not looked at for repetition.
const MAX_REQUESTS: usize = 2_048;
const MAX_STATEMENTS: usize = 64;

/// Rounds without anything new after which a request that never ended is taken for ended: an hour and more.
const MAX_IDLE_ROUNDS: u64 = 36_000;

/// The same where there are too many: a minute.
const MAX_CROWDED_ROUNDS: u64 = 600;

/// What one request did so far.
#[derive(Debug, Default)]
struct Open {
    statements: Vec<Repeated>,
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

/// A request of which nothing more is expected.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) id: RequestId,
    /// `None` where its end was never seen.
    pub(crate) route: Option<u32>,
    pub(crate) statements: Vec<Repeated>,
}

/// How many requests' routes are remembered after their end.
const MAX_ROUTES: usize = 512;

/// The routes of the latest requests, for what else is known of them.
#[derive(Debug, Default)]
pub(crate) struct LatestRoutes(VecDeque<(RequestId, u32)>);

impl LatestRoutes {
    pub(crate) fn of(&self, request: RequestId) -> Option<u32> {
        let mut latest = self.0.iter().rev();
        let (_, route) = latest.find(|(known, _)| *known == request)?;
        Some(*route)
    }

    fn push(&mut self, request: RequestId, route: u32) {
        if self.0.len() >= MAX_ROUTES {
            self.0.pop_front();
        }
        self.0.push_back((request, route));
    }
}

#[derive(Debug, Default)]
pub(crate) struct Requests {
    open: HashMap<RequestId, Open>,
    /// The latest last, with the round in which the end was seen.
    ended: VecDeque<(RequestId, u32, u64)>,
    round: u64,
    /// The round in which room was looked for last.
    crowded_in: Option<u64>,
    pub(crate) routes: LatestRoutes,
}

impl Requests {
    pub(crate) fn count(&mut self, statement: &Statement) {
        let Some(id) = statement.request else { return };
        if !self.open.contains_key(&id) {
            // It was looked at already; or there are too many, of which some may have outlived their requests.
            if self.routes.of(id).is_some_and(|_| !self.is_ending(id)) {
                return;
            }
            // Once a round: a flood must not look for room with every statement.
            if self.open.len() >= MAX_REQUESTS && self.crowded_in != Some(self.round) {
                let round = self.round;
                self.crowded_in = Some(round);
                self.open
                    .retain(|_, request| round - request.last_round <= MAX_CROWDED_ROUNDS);
            }
            if self.open.len() >= MAX_REQUESTS {
                return;
            }
        }
        let request = self.open.entry(id).or_default();
        request.last_round = self.round;
        let alone = u32::from(!statement.flags.has(Flags::IN_TRANSACTION));
        let statements = &mut request.statements;
        let shape = statement.shape;
        if let Some(known) = statements.iter_mut().find(|known| known.shape == shape) {
            known.count += 1;
            known.alone += alone;
            known.taken += statement.taken;
        } else if statements.len() < MAX_STATEMENTS {
            statements.push(Repeated {
                shape,
                function: statement.function,
                count: 1,
                alone,
                taken: statement.taken,
            });
        }
    }

    /// Whether its end was seen, and it is not looked at yet.
    fn is_ending(&self, id: RequestId) -> bool {
        self.ended.iter().any(|(ended, ..)| *ended == id)
    }

    pub(crate) fn end(&mut self, id: RequestId, route: u32) {
        self.ended.push_back((id, route, self.round));
        self.routes.push(id, route);
    }

    /// Ends a round: what ended in one before it is looked at.
    pub(crate) fn settle(&mut self, mut look: impl FnMut(Ended)) {
        while let Some(&(id, route, round)) = self.ended.front() {
            if round == self.round {
                break;
            }
            self.ended.pop_front();
            if let Some(request) = self.open.remove(&id) {
                look(Ended {
                    id,
                    route: Some(route),
                    statements: request.statements,
                });
            }
        }
        self.round += 1;
        if self.round.is_multiple_of(1_000) {
            self.forget_idle(look);
        }
    }

    /// What comes from now on is of another round.
    pub(crate) fn next_round(&mut self) {
        self.round += 1;
    }

    /// Work that outlived its request, or whose request's end was lost, must not stay for ever.
    fn forget_idle(&mut self, mut look: impl FnMut(Ended)) {
        let round = self.round;
        let idle = |request: &Open| round - request.last_round > MAX_IDLE_ROUNDS;
        for (id, request) in self.open.extract_if(|_, request| idle(request)) {
            look(Ended {
                id,
                route: None,
                statements: request.statements,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::Ticks;
    use crate::model::operation::OutcomeKind;

    fn statement(id: RequestId, shape: u16) -> Statement {
        Statement {
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
        }
    }

    /// How many statements of how many shapes are told of what has ended.
    fn told(requests: &mut Requests) -> Vec<(u32, usize)> {
        let mut told = Vec::new();
        requests.settle(|ended| {
            let count = ended.statements.iter().map(|repeated| repeated.count).sum();
            told.push((count, ended.statements.len()));
        });
        told
    }

    #[test]
    fn a_request_is_looked_at_one_round_after_its_end() {
        let mut requests = Requests::default();
        let id = RequestId::random();
        requests.count(&statement(id, 1));
        requests.end(id, 0);
        assert_eq!(told(&mut requests), []);
        // Collected after the end, because it was posted on another thread.
        requests.count(&statement(id, 1));
        assert_eq!(told(&mut requests), [(2, 1)]);
        assert_eq!(told(&mut requests), []);
    }

    #[test]
    fn work_that_outlives_its_request_does_not_end_the_watching_of_others() {
        let mut requests = Requests::default();
        for _ in 0..=MAX_REQUESTS {
            let id = RequestId::random();
            requests.count(&statement(id, 1));
            requests.end(id, 0);
            told(&mut requests);
            told(&mut requests);
            requests.count(&statement(id, 1));
        }
        assert!(requests.open.is_empty());
    }

    #[test]
    fn requests_whose_end_was_lost_make_room_after_a_while() {
        let mut requests = Requests::default();
        for _ in 0..MAX_REQUESTS {
            requests.count(&statement(RequestId::random(), 1));
        }
        let late = RequestId::random();
        requests.count(&statement(late, 1));
        assert_eq!(requests.open.len(), MAX_REQUESTS, "there is a bound");
        (0..=MAX_CROWDED_ROUNDS).for_each(|_| drop(told(&mut requests)));
        requests.count(&statement(late, 1));
        assert_eq!(requests.open.len(), 1);
    }

    #[test]
    fn a_request_of_many_shapes_is_watched_for_some() {
        let mut requests = Requests::default();
        let id = RequestId::random();
        for shape in 0..200 {
            requests.count(&statement(id, shape));
        }
        requests.count(&statement(id, 0));
        requests.end(id, 0);
        told(&mut requests);
        let all = MAX_STATEMENTS;
        assert_eq!(told(&mut requests), [(all as u32 + 1, all)]);
    }
}
