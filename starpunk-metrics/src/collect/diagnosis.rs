//! Turns what was found wrong into what is read: what shows it, and what to do.

use std::cmp::Reverse;
use std::time::Duration;

use crate::collect::findings::{Seen, Subject};
use crate::collect::ids::LatestRequests;
use crate::collect::request_diagnosis;
use crate::collect::state::State;
use crate::model::finding::{Finding, FindingKind};
use crate::model::names::{Effect, Names};
use crate::model::plan::Scan;
use crate::model::policy::Policy;
use crate::model::statement_stats::StatementFacts;

/// A table that is smaller is read whole as fast as it is searched.
const SMALL_TABLE: u64 = 1_000;

/// Waiting for locks is a finding once it adds up to this, or once somebody gave up.
const MUCH_WAITING: Duration = Duration::from_millis(100);

/// What was found wrong: first what measures are missing of, then where clients are failed, then what took the most time.
pub(crate) fn findings(
    state: &State,
    names: &Names,
    policy: &Policy,
    hooks_replaced: u64,
) -> Vec<Finding> {
    let seen = state.findings.iter();
    let mut all: Vec<_> = seen
        .filter(|(subject, seen)| {
            subject.kind != FindingKind::LockWait || seen.time >= MUCH_WAITING || seen.gave_up > 0
        })
        .map(|(subject, seen)| match subject.kind {
            FindingKind::FailingRequests
            | FindingKind::SlowRequests
            | FindingKind::BlockedExecutor
            | FindingKind::ManyStatements => {
                request_diagnosis::finding(subject, seen, state, names, policy)
            }
            _ => finding(subject, seen, names, state.latest_requests()),
        })
        .collect();
    for (&number, report) in &state.plans {
        let large = report.scans.iter().filter(|scan| scan.rows > SMALL_TABLE);
        all.extend(large.filter_map(|scan| full_scan(state, names, number, scan)));
    }
    all.sort_by_key(|finding| {
        let fails = finding.kind == FindingKind::FailingRequests;
        (Reverse(fails), Reverse(finding.time))
    });
    if hooks_replaced > 0 {
        all.insert(0, hook_replaced(hooks_replaced));
    }
    all
}

fn finding(subject: &Subject, seen: &Seen, names: &Names, latest: &LatestRequests) -> Finding {
    let fingerprint = |shape: u16| {
        names
            .shapes
            .get(u32::from(shape))
            .shape
            .fingerprint
            .to_string()
    };
    let count = seen.count;
    let time = spoken(seen.time);
    let (evidence, advice) = match subject.kind {
        FindingKind::RepeatedSelect => (
            format!("{}; {time} together", repeated(seen)),
            "ask once for all rows, with a JOIN or WHERE id IN (..), instead of once for each",
        ),
        FindingKind::RepeatedWrite => (
            format!(
                "{}, outside of a transaction; {time} together",
                repeated(seen)
            ),
            "run the loop in one transaction: each write alone waits for the disk by itself",
        ),
        FindingKind::LockWait => (
            format!(
                "{} waited {time} for {}; {} gave up",
                number_of(count, "statement"),
                held_by(seen, fingerprint),
                seen.gave_up
            ),
            "make that transaction shorter: do network calls, rendering and sleeping before BEGIN or after COMMIT",
        ),
        FindingKind::DeferredUpgrade => (
            format!(
                "{} that had read was refused its first write, without any waiting, as it is when somebody else has \
                 written meanwhile (SQLITE_BUSY_SNAPSHOT)",
                number_of(count, "transaction")
            ),
            "begin a transaction that is going to write with BEGIN IMMEDIATE: \
             transaction_with_behavior(TransactionBehavior::Immediate)",
        ),
        FindingKind::LeftOpen => (
            format!(
                "{} given back with an open transaction; it had been open for {time}, and was rolled back",
                number_of(count, "connection")
            ),
            "commit it, or let a Transaction of rusqlite roll it back where an error leaves early",
        ),
        _ => Default::default(),
    };
    Finding {
        kind: subject.kind,
        statement: subject.shape.map(fingerprint),
        function: seen.function.map(|function| function.name().to_owned()),
        route: subject
            .route
            .or_else(|| {
                seen.requests
                    .iter()
                    .rev()
                    .find_map(|request| latest.of(*request)?.route)
            })
            .map(|route| names.routes.get(route).name.to_string()),
        count: seen.count,
        time: seen.time,
        evidence,
        advice: advice.to_owned(),
        requests: seen.requests.iter().rev().copied().collect(),
    }
}

pub(crate) fn number_of(count: u64, what: &str) -> String {
    match count {
        1 => format!("one {what}"),
        count => format!("{count} {what}s"),
    }
}

fn repeated(seen: &Seen) -> String {
    match seen.count {
        1 => format!("one request ran it {} times", seen.statements),
        count => format!(
            "{count} requests ran it {} times, one of them {} times",
            seen.statements, seen.most
        ),
    }
}

fn held_by(seen: &Seen, fingerprint: impl Fn(u16) -> String) -> String {
    let Some(holder) = &seen.holder else {
        return "a lock whose holder is not known".to_owned();
    };
    let mut text = format!("the lock that was taken by `{}`", fingerprint(holder.shape));
    if let Some(function) = holder.function {
        text.push_str(&format!(" in {}", function.name()));
    }
    if let Some(request) = holder.request {
        text.push_str(&format!(" (request {request})"));
    }
    text.push_str(&format!(
        ", which had it for {} already when the latest wait began",
        spoken(holder.held.duration())
    ));
    text
}

fn full_scan(state: &State, names: &Names, number: u16, scan: &Scan) -> Option<Finding> {
    let series = state.aggregate.statements.get(usize::from(number))?;
    let known = names.shapes.get(u32::from(number));
    // How many rows a write changed is not always known: one that names no condition may have wanted all of them.
    let may_want_all = scan.index.is_none() && known.shape.effect == Effect::Write;
    if may_want_all || !looks_for_few(&series.facts) {
        return None;
    }
    let Scan { table, rows, .. } = scan;
    let rows = if *rows >= Scan::COUNTED {
        format!("{rows} rows or more")
    } else {
        format!("{rows} rows")
    };
    let routes = state.callers.get(&number).into_iter().flatten();
    let route = routes.max_by_key(|(_, calls)| *calls);
    let functions = series.functions.iter();
    let advice = index_advice(scan);
    Some(Finding {
        kind: FindingKind::FullScan,
        statement: Some(known.shape.fingerprint.to_string()),
        function: functions
            .max_by_key(|(_, calls)| *calls)
            .map(|(function, _)| function.name().to_owned()),
        route: route.map(|(route, _)| names.routes.get(*route).name.to_string()),
        count: series.facts.scans,
        time: series.tally.total(),
        evidence: format!("it reads the table {table} ({rows}) whole"),
        advice,
        requests: series
            .last_scan
            .iter()
            .map(|(_, request)| *request)
            .collect(),
    })
}

/// Whether those that looked at rows without an index looked at many, for few that they returned or changed. What wants a
/// table whole has to read it.
fn looks_for_few(facts: &StatementFacts) -> bool {
    let looked_at = facts.scan_steps + facts.auto_index_rows;
    let wanted = facts.rows + facts.rows_changed.unwrap_or(0);
    facts.scans > 0 && looked_at / facts.scans >= SMALL_TABLE && looked_at / 2 > wanted
}

/// What to do, as SQL that can be run if it is known.
fn index_advice(scan: &Scan) -> String {
    match &scan.index {
        Some(index) => format!("{index}; -- helps if few rows match"),
        None => format!(
            "no condition that an index on {} could serve was recognised: if it needs only some rows, index the \
             expression that selects them, or add a LIMIT",
            scan.table
        ),
    }
}

fn hook_replaced(count: u64) -> Finding {
    Finding {
        kind: FindingKind::HookReplaced,
        statement: None,
        function: None,
        route: None,
        count,
        time: Duration::ZERO,
        evidence: format!(
            "{} given back on which another trace_v2 had taken the place of the hook",
            number_of(count, "connection")
        ),
        advice: "call Connection::trace_v2 before the connection is instrumented, or not at all: \
                 SQLite has one trace hook on a connection"
            .to_owned(),
        requests: Vec::new(),
    }
}

pub(crate) fn spoken(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (amount, unit) = match seconds {
        1.0.. => (seconds, "s"),
        _ => (seconds * 1_000.0, "ms"),
    };
    let amount = format!("{amount:.1}");
    format!("{} {unit}", amount.trim_end_matches(".0"))
}
