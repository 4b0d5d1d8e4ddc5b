//! What the requests of one method and route did: as it is counted, and as it is read. Sums, so they add up.

use std::time::Duration;

use crate::model::clock::scale;
use crate::model::ended_request::{EndedRequest, RequestEnd};
use crate::model::histogram::Histogram;
use crate::model::policy::Verdict;
use crate::model::poll::PollStats;
use crate::model::request_outcome::RequestOutcome;
use crate::model::route_names::RouteName;
use crate::model::tally::Tally;

/// The requests of one method and route, as they are counted.
#[derive(Debug, Default)]
pub(crate) struct RouteSeries {
    pub(crate) tally: Tally,
    outcomes: [u64; RequestOutcome::ALL.len()],
    /// Bounded: actix answers with three-digit codes only.
    statuses: Vec<(u16, u64)>,
    head: Histogram,
    sessions: Histogram,
    polls: PollStats,
    request_bytes: u64,
    response_bytes: u64,
    statements: u64,
    statement_ticks: u64,
}

/// What the requests of one method and route did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteStats {
    /// The method, or `_OTHER`.
    pub method: String,
    /// The route pattern, such as `/notes/{id}`, `UNMATCHED`, or `OVERFLOW` for those beyond the cap.
    pub route: String,
    /// Requests that are under way and whose route is known: they have been waiting for something at least once.
    pub in_flight: u64,
    /// Times until the last byte, by outcome. Event streams and upgrades are counted, and not timed.
    pub tally: Tally,
    /// How many requests ended in which way, of those that there were.
    pub outcomes: Vec<(RequestOutcome, u64)>,
    /// Times until the head of the response; event streams and upgrades left out.
    pub head: Histogram,
    /// How long event streams and upgraded connections lasted.
    pub sessions: Histogram,
    /// How they used their worker. A poll blocks it from twice `Config::slow_poll_threshold` on.
    pub polls: PollStats,
    /// How many requests were answered with which status, by status.
    pub statuses: Vec<(u16, u64)>,
    /// Bytes of bodies that were read.
    pub request_bytes: u64,
    /// Bytes of bodies that were written.
    pub response_bytes: u64,
    /// Database operations inside these requests.
    pub statements: u64,
    /// The time that those took.
    pub statement_time: Duration,
}

impl RouteSeries {
    pub(crate) fn observe(&mut self, request: &EndedRequest, end: &RequestEnd, verdict: &Verdict) {
        self.tally.observe(request.outcome(), verdict);
        self.outcomes[end.outcome as usize] += 1;
        if let Some(status) = end.status {
            count_status(&mut self.statuses, status, 1);
        }
        if end.is_session {
            self.sessions
                .record_nanos(request.start.nanos_until(end.end));
        } else if let Some(head) = end.head {
            self.head.record_nanos(request.start.nanos_until(head));
        }
        let polls = &end.polls;
        self.polls.observe(
            polls.busy.duration(),
            polls.longest.duration(),
            verdict.blocking,
        );
        self.request_bytes += request.bytes;
        self.response_bytes += end.response_bytes;
        self.statements += u64::from(end.statements);
        self.statement_ticks += end.statement_ticks;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        for (mine, theirs) in self.outcomes.iter_mut().zip(&other.outcomes) {
            *mine += theirs;
        }
        for &(status, count) in &other.statuses {
            count_status(&mut self.statuses, status, count);
        }
        self.head.merge(&other.head);
        self.sessions.merge(&other.sessions);
        self.polls.merge(&other.polls);
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
        self.statements += other.statements;
        self.statement_ticks += other.statement_ticks;
    }

    /// How many ended in this way.
    pub(crate) fn count_of(&self, outcome: RequestOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    pub(crate) fn statuses(&self) -> &[(u16, u64)] {
        &self.statuses
    }

    pub(crate) fn stats(&self, name: &RouteName, in_flight: u64) -> RouteStats {
        let mut statuses = self.statuses.clone();
        statuses.sort_unstable();
        let outcomes = RequestOutcome::ALL.into_iter();
        RouteStats {
            method: name.method.to_owned(),
            route: name.route.to_string(),
            in_flight,
            tally: self.tally.clone(),
            outcomes: outcomes
                .map(|outcome| (outcome, self.count_of(outcome)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            head: self.head.clone(),
            sessions: self.sessions.clone(),
            polls: self.polls,
            statuses,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            statements: self.statements,
            statement_time: scale(self.statement_ticks),
        }
    }
}

impl RouteStats {
    /// Returns how many requests ended in this way.
    pub fn count_of(&self, outcome: RequestOutcome) -> u64 {
        let mut known = self.outcomes.iter();
        known
            .find(|(known, _)| *known == outcome)
            .map_or(0, |(_, count)| *count)
    }
}

fn count_status(statuses: &mut Vec<(u16, u64)>, status: u16, count: u64) {
    match statuses.iter_mut().find(|(known, _)| *known == status) {
        Some((_, known)) => *known += count,
        None => statuses.push((status, count)),
    }
}
