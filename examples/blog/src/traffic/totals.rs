//! The sums of what was sent.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use starpunk_metrics::AllocatorStats;

use crate::traffic::step::Expected;

/// What the sent requests must have done to the server.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// By route and method.
    pub(super) routes: BTreeMap<(&'static str, &'static str), RouteTotals>,
    pub(super) events: BTreeMap<&'static str, u64>,
    pub(super) elapsed: Duration,
    pub(super) allocations: u64,
    pub(super) live_bytes: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RouteTotals {
    pub(super) requests: u64,
    pub(super) statements: u64,
    /// Answers that were a failure of the server.
    pub(super) errors: u64,
}

impl AddAssign for RouteTotals {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.statements += other.statements;
        self.errors += other.errors;
    }
}

impl Totals {
    pub(super) fn add(&mut self, expected: &Expected) {
        let route = self
            .routes
            .entry((expected.route, expected.method))
            .or_default();
        *route += RouteTotals {
            requests: 1,
            statements: expected.statements,
            errors: u64::from(expected.status >= 500),
        };
        for event in expected.events {
            *self.events.entry(event).or_default() += 1;
        }
    }

    pub(super) fn finish(
        &mut self,
        elapsed: Duration,
        before: AllocatorStats,
        after: AllocatorStats,
    ) {
        self.elapsed = elapsed;
        self.allocations = after.allocations - before.allocations;
        self.live_bytes = after.live_bytes;
    }

    pub(crate) fn sum(&self) -> RouteTotals {
        let mut sum = RouteTotals::default();
        for route in self.routes.values() {
            sum += *route;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_kept_by_method_and_route() {
        let expected = |method, status, statements| Expected {
            method,
            route: "/notes/{slug}",
            status,
            statements,
            events: &["note_updated"],
        };
        let mut totals = Totals::default();
        totals.add(&expected("GET", 200, 1));
        totals.add(&expected("GET", 500, 1));
        totals.add(&expected("POST", 303, 5));
        let of = |method| totals.routes[&("/notes/{slug}", method)];
        assert_eq!(
            of("GET"),
            RouteTotals {
                requests: 2,
                statements: 2,
                errors: 1
            }
        );
        assert_eq!((of("POST").requests, of("POST").statements), (1, 5));
        assert_eq!(totals.events["note_updated"], 3);
        assert_eq!(totals.sum().statements, 7);
    }
}
