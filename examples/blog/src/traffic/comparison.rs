//! What was sent beside what was measured.

use std::collections::BTreeMap;

use starpunk_metrics::{OperationType, RouteStats, Snapshot};
use thiserror::Error;

use crate::traffic::totals::{RouteTotals, Totals};

/// A number that was measured, and is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}: {expected} expected, {measured} measured")]
pub(crate) struct Difference {
    what: String,
    expected: u64,
    measured: u64,
}

/// One method and route.
#[derive(Debug)]
pub(super) struct RouteRow<'a> {
    pub(super) method: &'a str,
    pub(super) route: &'a str,
    pub(super) sent: RouteTotals,
    /// `None` if no such request was measured.
    pub(super) measured: Option<&'a RouteStats>,
}

/// Every method and route that was sent or measured.
pub(super) fn routes<'a>(totals: &'a Totals, snapshot: Option<&'a Snapshot>) -> Vec<RouteRow<'a>> {
    let mut rows: BTreeMap<(&str, &str), RouteRow<'a>> = BTreeMap::new();
    for (&(route, method), &sent) in &totals.routes {
        let row = RouteRow {
            method,
            route,
            sent,
            measured: None,
        };
        rows.insert((route, method), row);
    }
    for measured in snapshot.iter().flat_map(|snapshot| &snapshot.routes) {
        let (route, method) = (measured.route.as_str(), measured.method.as_str());
        let row = rows.entry((route, method)).or_insert(RouteRow {
            method,
            route,
            sent: RouteTotals::default(),
            measured: None,
        });
        row.measured = Some(measured);
    }
    rows.into_values().collect()
}

/// Every business event that was expected or measured, with both counts.
pub(super) fn events<'a>(
    totals: &'a Totals,
    snapshot: Option<&'a Snapshot>,
) -> BTreeMap<&'a str, (u64, u64)> {
    let mut rows: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (&event, &sent) in &totals.events {
        rows.entry(event).or_default().0 = sent;
    }
    let operations = snapshot.iter().flat_map(|snapshot| &snapshot.operations);
    for operation in
        operations.filter(|operation| operation.operation_type == OperationType::Render)
    {
        rows.entry(&operation.name).or_default().1 = operation.tally.count();
    }
    rows
}

/// Everything that is not as it should be.
pub(super) fn differences(totals: &Totals, snapshot: &Snapshot) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut compare = |what: String, expected, measured| {
        if expected != measured {
            differences.push(Difference {
                what,
                expected,
                measured,
            });
        }
    };
    for row in routes(totals, Some(snapshot)) {
        let measured = row.measured.map(measured_totals).unwrap_or_default();
        let of = |what| format!("{what} of {} {}", row.method, row.route);
        compare(of("requests"), row.sent.requests, measured.requests);
        compare(of("statements"), row.sent.statements, measured.statements);
        compare(of("errors"), row.sent.errors, measured.errors);
    }
    for (event, (sent, measured)) in events(totals, Some(snapshot)) {
        compare(format!("events named {event}"), sent, measured);
    }
    // The routes know only what found its request. These would tell what did not.
    let statements = snapshot
        .operations
        .iter()
        .filter(|operation| operation.operation_type == OperationType::Database)
        .map(|operation| operation.tally.count())
        .sum();
    compare("statements".to_owned(), totals.sum().statements, statements);
    compare(
        "operations without a request".to_owned(),
        0,
        snapshot.unattributed,
    );
    differences
}

pub(super) fn measured_totals(route: &RouteStats) -> RouteTotals {
    RouteTotals {
        requests: route.tally.count(),
        statements: route.statements,
        errors: route.tally.errors(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::step::Expected;

    #[test]
    fn request_that_was_not_measured_is_a_difference() {
        let mut totals = Totals::default();
        totals.add(&Expected {
            method: "GET",
            route: "/",
            status: 200,
            statements: 2,
            events: &["cache_hit"],
        });
        let differences = differences(&totals, &Snapshot::default());
        let lines: Vec<String> = differences.iter().map(Difference::to_string).collect();
        assert_eq!(
            lines,
            [
                "requests of GET /: 1 expected, 0 measured",
                "statements of GET /: 2 expected, 0 measured",
                "events named cache_hit: 1 expected, 0 measured",
                "statements: 2 expected, 0 measured",
            ]
        );
    }

    #[test]
    fn nothing_sent_and_nothing_measured_is_no_difference() {
        assert_eq!(
            differences(&Totals::default(), &Snapshot::default()),
            Vec::new()
        );
    }
}
