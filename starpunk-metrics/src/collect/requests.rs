//! The requests that are under way, and what each does: its statements and functions, on all threads.
//!
//! A request's own event may be collected before the last of its statements, because they are posted on other threads. So
//! it is looked at one round after its end.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::collect::ids::{ById, Latest, LatestRequests};
use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::TickSpan;
use crate::model::ended_request::EndedRequest;
use crate::model::policy::Verdict;
use crate::model::request_id::RequestId;
use crate::model::span::{Child, What};
use crate::model::statement::Flags;
use crate::model::trace::MAX_SPANS;

/// How many requests are watched at once. What is beyond is counted as ever, but its story is not known.
const MAX_REQUESTS: usize = 4_096;

/// How many bytes of all of them together are held.
const MAX_HELD_BYTES: usize = 1024 * 1024;

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
    /// Of both.
    bytes: usize,
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
    pub(crate) request: Arc<EndedRequest>,
    /// The thread that posted it; 0 where that is not known.
    pub(crate) thread: u32,
    /// Whether the dice kept its record.
    pub(crate) is_sampled: bool,
    pub(crate) verdict: Verdict,
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
    /// The bytes of all in `open`; `held <= MAX_HELD_BYTES`.
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
            let is_told = match self.latest.of(id) {
                Some(latest) => latest.has_done(&child),
                // It is over, and was forgotten or is still to be looked at.
                None => is_late(&child) && !self.is_ending(id),
            };
            if is_told {
                return Some(child);
            }
            self.make_room();
            if self.open.len() >= MAX_REQUESTS {
                return None;
            }
        }
        let room = MAX_HELD_BYTES.saturating_sub(self.held);
        let request = self.open.entry(id).or_default();
        request.last_round = self.round;
        let bytes = request.bytes;
        request.add(child, room);
        self.held += request.bytes - bytes;
        None
    }

    /// Once a round: a flood must not look for room with every statement.
    fn make_room(&mut self) {
        let has_room = self.open.len() < MAX_REQUESTS && self.held < MAX_HELD_BYTES;
        if has_room || self.crowded_in == Some(self.round) {
            return;
        }
        self.crowded_in = Some(self.round);
        self.forget_idle(MAX_CROWDED_ROUNDS);
    }

    /// Whether its end was seen, and it is not looked at yet.
    fn is_ending(&self, id: RequestId) -> bool {
        self.ended.iter().any(|(end, _)| end.request.id == id)
    }

    pub(crate) fn end(&mut self, end: End) {
        self.ended.push_back((end, self.round));
    }

    /// Ends a round: what ended in one before it is looked at.
    pub(crate) fn settle(&mut self, mut look: impl FnMut(Ended)) {
        let now = self.round;
        while let Some((end, _)) = self.ended.pop_front_if(|(_, round)| *round != now) {
            let id = end.request.id;
            let latest = Latest::of(&end.request);
            self.latest.push(id, latest);
            // Most of a busy site's requests do nothing that is told.
            let done = self.open.remove(&id);
            let done = done.map(|done| self.without_next(id, done, latest));
            if !end.request.is_excluded() {
                look(match done {
                    Some(done) => done.ended(end),
                    None => Ended::idle(end),
                });
            }
        }
        self.round += 1;
        if self.round.is_multiple_of(1_000) {
            self.forget_idle(MAX_IDLE_ROUNDS);
        }
    }

    /// What was done for a request, but for what is of the next one that has the same id.
    fn without_next(&mut self, id: RequestId, mut request: Open, latest: Latest) -> Open {
        self.held -= request.bytes;
        let next = request.split_off(latest);
        if !next.children.is_empty() {
            self.held += next.bytes;
            self.open.insert(id, next);
        }
        request
    }

    /// What comes from now on is of another round.
    pub(crate) fn next_round(&mut self) {
        self.round += 1;
    }

    /// A request whose end was lost must not stay for ever.
    fn forget_idle(&mut self, rounds: u64) {
        let (round, held) = (self.round, &mut self.held);
        self.open.retain(|_, request| {
            let stays = round - request.last_round <= rounds;
            *held -= if stays { 0 } else { request.bytes };
            stays
        });
    }
}

impl Open {
    /// Takes in what there is room for, and counts the rest.
    fn add(&mut self, child: Child, room: usize) {
        let bytes = child.bytes();
        if self.children.len() < MAX_SPANS && bytes <= room {
            self.bytes += bytes;
            self.children.push(child);
            return;
        }
        self.omitted += 1;
        let known = self.beyond.len();
        let most = match room >= size_of::<Repeated>() {
            true => MAX_STATEMENTS,
            false => known,
        };
        count(&mut self.beyond, &child, most);
        self.bytes += (self.beyond.len() - known) * size_of::<Repeated>();
    }

    /// Takes out what is of the next request with the same id: it began after the end of this one.
    fn split_off(&mut self, latest: Latest) -> Self {
        let next = self
            .children
            .extract_if(.., |child| !latest.has_done(child));
        let children: Vec<Child> = next.collect();
        Self {
            bytes: children.iter().map(Child::bytes).sum(),
            children,
            last_round: self.last_round,
            ..Self::default()
        }
    }

    fn ended(self, end: End) -> Ended {
        let mut statements = self.beyond;
        for child in &self.children {
            count(&mut statements, child, MAX_STATEMENTS);
        }
        Ended {
            end,
            children: self.children,
            omitted: self.omitted,
            statements,
        }
    }
}

impl Ended {
    /// One that did nothing that is told.
    fn idle(end: End) -> Self {
        Self {
            end,
            children: Vec::new(),
            omitted: 0,
            statements: Vec::new(),
        }
    }

    /// How many of its statements never came, at least: under pressure ordinary events are counted where they happen.
    pub(crate) fn missing(&self) -> u32 {
        let counted = self
            .end
            .request
            .end
            .as_ref()
            .map_or(0, |end| end.statements);
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
    fn of(request: &EndedRequest) -> Self {
        let end = request.end.as_ref();
        let adopted = end.filter(|_| request.client.adopted_id().is_some());
        Self {
            route: end.map(|end| end.route),
            may_return_after: adopted.map(|end| end.end),
        }
    }

    /// Whether something is late work of it, and not of another request with its id.
    fn has_done(self, child: &Child) -> bool {
        is_late(child) || self.may_return_after.is_none_or(|end| child.start <= end)
    }
}

fn is_late(child: &Child) -> bool {
    child.flags.has(Flags::LATE)
}

/// Counts a statement, among at most so many different ones.
fn count(statements: &mut Vec<Repeated>, child: &Child, most: usize) {
    let What::Statement { shape, function } = child.what else {
        return;
    };
    let alone = u32::from(!child.flags.has(Flags::IN_TRANSACTION));
    if let Some(known) = statements.iter_mut().find(|known| known.shape == shape) {
        known.count += 1;
        known.alone += alone;
        known.taken += child.taken;
    } else if statements.len() < most {
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
