//! What is found in a whole request, once nothing more is expected of it.

use std::time::Duration;

use crate::collect::findings::{Findings, Worst};
use crate::collect::requests::{Ended, Repeated};
use crate::model::callsite::Callsite;
use crate::model::clock::Ticks;
use crate::model::ended_request::RequestEnd;
use crate::model::finding::FindingKind;
use crate::model::names::{Effect, Names, Shape};
use crate::model::policy::Policy;
use crate::model::request_outcome::RequestOutcome;
use crate::model::span::{Child, What};
use crate::model::trace::{Reasons, TraceReason};

impl Findings {
    /// Looks at what a whole request did, and tells why its trace is worth keeping; for no reason, if it is not.
    pub(crate) fn look_at_request(
        &mut self,
        ended: &Ended,
        names: &Names,
        policy: &Policy,
    ) -> Reasons {
        let mut reasons = Reasons::default();
        let Some(end) = ended.end.request.end.as_ref() else {
            return reasons;
        };
        let verdict = &ended.end.verdict;
        let duration = || Duration::from_nanos(verdict.nanos);
        if end.outcome.is_failure() {
            let blamed = failed(&ended.children);
            self.see(FindingKind::FailingRequests, ended, end, duration(), blamed);
        }
        // That a client left is no trouble by itself, but its story is worth keeping.
        if end.outcome.is_failure() || end.outcome.is_left() {
            reasons.add(TraceReason::Failed);
        }
        if verdict.slow {
            let blamed = most_time(&ended.statements, duration());
            self.see(FindingKind::SlowRequests, ended, end, duration(), blamed);
            reasons.add(TraceReason::Slow);
        }
        if self.look_for_repetition(ended, end.route, names, policy) {
            reasons.add(TraceReason::RepeatedStatements);
        }
        if end.statements > policy.many_statements {
            let blamed = most_often(&ended.statements, end.statements);
            let kind = FindingKind::ManyStatements;
            self.see(kind, ended, end, end.statement_time(), blamed);
            reasons.add(TraceReason::ManyStatements);
        }
        // A panic takes its time to be told.
        if verdict.blocking && end.outcome != RequestOutcome::Panic {
            let blocked = end.polls.longest.duration();
            let blamed = statement_in_longest_poll(ended, end);
            self.see(FindingKind::BlockedExecutor, ended, end, blocked, blamed);
            reasons.add(TraceReason::BlockedExecutor);
        }
        if reasons.is_empty() && ended.end.is_sampled {
            reasons.add(TraceReason::Sampled);
        }
        reasons
    }

    fn see(
        &mut self,
        kind: FindingKind,
        ended: &Ended,
        end: &RequestEnd,
        time: Duration,
        blamed: Blamed,
    ) {
        let Some(seen) = self.find(kind, None, Some(end.route), None, None) else {
            return;
        };
        seen.add(time, Some(ended.end.request.id));
        seen.statements += u64::from(end.statements);
        seen.most = seen.most.max(u64::from(end.statements));
        if time >= seen.worst.time {
            seen.worst = Worst {
                time,
                in_statements: end.statement_time(),
                in_polls: end.polls.busy.duration(),
                in_upload: ended.end.request.body_wait(),
                after_head: after_head(ended, end),
                in_pool: pool_wait(&ended.children),
                shape: blamed.shape,
                function: blamed.function,
            };
        }
    }

    fn look_for_repetition(
        &mut self,
        ended: &Ended,
        route: u32,
        names: &Names,
        policy: &Policy,
    ) -> bool {
        let mut is_found = false;
        for repeated in &ended.statements {
            let threshold = policy.repeated_statements;
            if repeated.count < threshold {
                continue;
            }
            let known = names.shapes.get(u32::from(repeated.shape));
            let kind = match known.shape.effect {
                Effect::Read if is_about_rows(&known.shape) => FindingKind::RepeatedSelect,
                Effect::Write if repeated.alone >= threshold => FindingKind::RepeatedWrite,
                _ => continue,
            };
            is_found = true;
            let shape = Some(repeated.shape);
            if let Some(seen) = self.find(kind, shape, Some(route), repeated.function, None) {
                seen.add(repeated.taken.duration(), Some(ended.end.request.id));
                seen.statements += u64::from(repeated.count);
                seen.most = seen.most.max(u64::from(repeated.count));
            }
        }
        is_found
    }
}

/// A `SELECT ?` asks whether the connection is alive, once for each time that a pool is asked for one.
fn is_about_rows(shape: &Shape) -> bool {
    shape.query_type == "SELECT" && *shape.fingerprint != *"SELECT ?"
}

/// The time from the head of the response to its last byte.
fn after_head(ended: &Ended, end: &RequestEnd) -> Duration {
    let duration = ended.end.request.duration();
    let head = end.head.map(|head| ended.end.request.start.until(head));
    duration.saturating_sub(head.unwrap_or(duration))
}

/// How long it waited for connections.
fn pool_wait(children: &[Child]) -> Duration {
    let waits = children.iter().filter_map(|child| match child.what {
        What::PoolWait(_) => Some(child.taken.duration()),
        What::Statement { .. } | What::Function(_) => None,
    });
    waits.sum()
}

/// The last statement that failed, and the function around it; or else the last function that did.
fn failed(children: &[Child]) -> Blamed {
    let failed = || {
        children
            .iter()
            .rev()
            .filter(|child| !child.outcome().is_ok())
    };
    let statement = failed().find_map(|child| match child.what {
        What::Statement { shape, function } => Some(Blamed::statement(shape, function)),
        What::Function(_) | What::PoolWait(_) => None,
    });
    statement.unwrap_or_else(|| Blamed {
        shape: None,
        function: failed().find_map(|child| match child.what {
            What::Function(site) => Some(site),
            What::Statement { .. } | What::PoolWait(_) => None,
        }),
    })
}

/// The statement that took the most time, if that was at least a quarter of the request's.
fn most_time(statements: &[Repeated], duration: Duration) -> Blamed {
    let most = statements
        .iter()
        .max_by(|a, b| a.taken.count().cmp(&b.taken.count()));
    let most = most.filter(|most| most.taken.duration() * 4 >= duration);
    Blamed::repeated(most)
}

/// The statement that ran most often, if it was at least a quarter of all.
fn most_often(statements: &[Repeated], all: u32) -> Blamed {
    let most = statements.iter().max_by_key(|known| known.count);
    Blamed::repeated(most.filter(|most| most.count >= all / 4))
}

/// The statement that took the most time of the longest poll, if that was at least a quarter of it.
fn statement_in_longest_poll(ended: &Ended, end: &RequestEnd) -> Blamed {
    let began = end.polls.longest_began;
    let over: Ticks = began.after(end.polls.longest);
    let inside = ended.children.iter().filter(|child| {
        child.thread == ended.end.thread && child.start >= began && child.start <= over
    });
    let statements = inside.filter_map(|child| match child.what {
        What::Statement { shape, function } => Some((child.taken, shape, function)),
        What::Function(_) | What::PoolWait(_) => None,
    });
    let most = statements.max_by(|a, b| a.0.count().cmp(&b.0.count()));
    match most {
        Some((taken, shape, function)) if taken.count() * 4 >= end.polls.longest.count() => {
            Blamed::statement(shape, function)
        }
        _ => Blamed::default(),
    }
}

/// What is most to blame, if anything is.
#[derive(Clone, Copy, Debug, Default)]
struct Blamed {
    shape: Option<u16>,
    function: Option<&'static Callsite>,
}

impl Blamed {
    fn statement(shape: u16, function: Option<&'static Callsite>) -> Self {
        Self {
            shape: Some(shape),
            function,
        }
    }

    fn repeated(repeated: Option<&Repeated>) -> Self {
        let blamed = repeated.map(|known| Self::statement(known.shape, known.function));
        blamed.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
