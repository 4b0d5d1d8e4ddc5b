//! Turns what was found wrong with whole requests into what is read.

use std::time::Duration;

use crate::collect::diagnosis::{number_of, spoken};
use crate::collect::findings::{Seen, Subject};
use crate::collect::state::State;
use crate::model::finding::{Finding, FindingKind};
use crate::model::names::Names;
use crate::model::policy::Policy;
use crate::model::request_outcome::RequestOutcome;
use crate::model::route::RouteSeries;

pub(crate) fn finding(
    subject: &Subject,
    seen: &Seen,
    state: &State,
    names: &Names,
    policy: &Policy,
) -> Finding {
    let route = subject.route.unwrap_or_default();
    let series = state.aggregate.routes.get(route as usize);
    // Under pressure a forced record is here before its count.
    let all = series
        .map_or(0, |series| series.tally.count())
        .max(seen.count);
    let text = |shape: u16| {
        names
            .shapes
            .get(u32::from(shape))
            .shape
            .fingerprint
            .to_string()
    };
    let statement = seen.worst.shape.map(text);
    let of_all = match all {
        1 => "the only request".to_owned(),
        _ => format!("{} of {}", seen.count, number_of(all, "request")),
    };
    let (evidence, advice) = match subject.kind {
        FindingKind::FailingRequests => (
            format!("{of_all} failed: {}", failures(series)),
            match (&statement, seen.worst.function) {
                (None, None) => "look at the trace of one of them: it says what was done until then",
                _ => "look at the trace of one of them: what is named here failed in it",
            }
            .to_owned(),
        ),
        FindingKind::SlowRequests => (
            format!(
                "{of_all} took {} or longer; the slowest {}: {}",
                spoken(policy.slow_request),
                spoken(seen.worst.time),
                parts(seen),
            ),
            slowness(seen, statement.is_some()),
        ),
        FindingKind::BlockedExecutor => (
            format!(
                "{of_all} held a worker back from all other requests for {} or longer at a stretch; the worst for {}",
                spoken(policy.blocked_poll()),
                spoken(seen.worst.time),
            ),
            match &statement {
                Some(_) => "run the statement in starpunk_metrics::block(..), which takes a thread that nobody waits for",
                None => {
                    "run what computes or blocks there in starpunk_metrics::block(..), or await what can be awaited"
                }
            }
            .to_owned(),
        ),
        _ => (
            format!(
                "{of_all} ran more than {} statements; one of them {}",
                policy.many_statements, seen.most
            ),
            "ask for more at once, or for less: page the list, or keep what does not change".to_owned(),
        ),
    };
    Finding {
        kind: subject.kind,
        statement,
        function: seen
            .worst
            .function
            .map(|function| function.name().to_owned()),
        route: Some(names.routes.get(route).name.to_string()),
        count: seen.count,
        time: seen.time,
        evidence,
        advice,
        requests: seen.requests.iter().rev().copied().collect(),
    }
}

/// How the requests of a route failed, such as `10 x 500, 2 x panic`.
fn failures(series: Option<&RouteSeries>) -> String {
    let Some(series) = series else {
        return "their counts are gone".to_owned();
    };
    let mut statuses: Vec<_> = series
        .statuses()
        .iter()
        .filter(|(status, _)| *status >= 500)
        .collect();
    statuses.sort_unstable();
    let answered: u64 = statuses.iter().map(|(_, count)| count).sum();
    // What is told below by its own name may have been answered with one of them too: a panic, if it was caught, with the lowest.
    let mut told_below = answered.saturating_sub(series.count_of(RequestOutcome::ServerError));
    let mut parts: Vec<String> = statuses
        .iter()
        .map(|(status, count)| {
            let other = told_below.min(*count);
            told_below -= other;
            (count - other, status.to_string())
        })
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} x {what}"))
        .collect();
    for outcome in [RequestOutcome::Panic, RequestOutcome::BodyError] {
        let count = series.count_of(outcome);
        if count > 0 {
            parts.push(format!("{count} x {outcome}"));
        }
    }
    parts.join(", ")
}

/// Where the time of the slowest went. A statement on the worker is in its polls too.
fn parts(seen: &Seen) -> String {
    let worst = &seen.worst;
    let in_statements = match worst.in_statements > worst.time {
        true => "in statements, several at the same time",
        false => "in statements",
    };
    let after_head = Some(worst.after_head).filter(|time| *time * 10 >= worst.time);
    let parts = [
        (worst.in_statements, in_statements),
        (worst.in_polls, "in polls"),
        (worst.in_pool, "waiting for a connection"),
        (worst.in_upload, "waiting for the client's body"),
        (
            after_head.unwrap_or_default(),
            "after the head of the response",
        ),
    ];
    let parts = parts.iter().filter(|(time, _)| !time.is_zero());
    let parts: Vec<String> = parts
        .map(|(time, what)| format!("{} {what}", spoken(*time)))
        .collect();
    parts.join(", ")
}

/// Where the time of the slowest went decides what is to be done.
fn slowness(seen: &Seen, has_statement: bool) -> String {
    let half = |part: Duration| part * 2 >= seen.worst.time;
    let advice = if has_statement {
        "much of it is in the statement that is named: see what other findings and `Snapshot::statements` say of that"
    } else if half(seen.worst.in_statements) {
        "most of it is in its statements, each of them short: ask for more at once"
    } else if half(seen.worst.in_pool) {
        "most of it waits for a connection: give the pool more, or give them back earlier"
    } else if half(seen.worst.in_polls) {
        "most of it is computed on the worker: take it to starpunk_metrics::block(..), or do less"
    } else if half(seen.worst.in_upload) {
        "the client sends its body slowly: nothing to mend here, unless it is sent more than it needs"
    } else if half(seen.worst.after_head) {
        "the response was ready early: its client reads slowly, or what its body streams comes slowly"
    } else {
        "it waits for something that is not measured: another service, a lock, a timer, or its worker or a thread of \
         `block` while others have them (then there is a `blocked_executor`); its trace shows when"
    };
    advice.to_owned()
}
