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
        let has_room = self.open.len() < MAX_REQUESTS && self.held < MAX_HELD;
        if has_room || self.crowded_in == Some(self.round) {
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
            let latest = Latest::of(&end.request);
            self.latest.push(id, latest);
            let mut request = self.open.remove(&id).unwrap_or_default();
            // What began later is of the next request with this id.
            let later: Vec<Child> = request
                .children
                .extract_if(.., |child| !latest.has_done(child))
                .collect();
            if !later.is_empty() {
                let next = Open {
                    children: later,
                    last_round: request.last_round,
                    ..Open::default()
                };
                self.open.insert(id, next);
            }
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
mod tests;
