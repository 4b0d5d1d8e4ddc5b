//! The sums of what was sent, and their table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::allocator::Heap;
use crate::event::BlogEvent;
use crate::traffic::script::Expected;

/// What the sent requests must have done to the server.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// By route and method.
    pub(crate) routes: BTreeMap<(&'static str, &'static str), RouteTotals>,
    pub(crate) events: BTreeMap<BlogEvent, u64>,
    elapsed: Duration,
    allocations: u64,
    live_bytes: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RouteTotals {
    pub(crate) requests: u64,
    pub(crate) statements: u64,
}

impl Totals {
    pub(super) fn add(&mut self, expected: &Expected) {
        let route = self
            .routes
            .entry((expected.route, expected.method))
            .or_default();
        route.requests += 1;
        route.statements += expected.statements;
        for event in expected.events {
            *self.events.entry(*event).or_default() += 1;
        }
    }

    pub(super) fn finish(&mut self, elapsed: Duration, before: Heap, after: Heap) {
        self.elapsed = elapsed;
        self.allocations = after.allocations - before.allocations;
        self.live_bytes = after.live_bytes;
    }

    fn sum(&self) -> RouteTotals {
        self.routes
            .values()
            .fold(RouteTotals::default(), |sum, route| RouteTotals {
                requests: sum.requests + route.requests,
                statements: sum.statements + route.statements,
            })
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = self.sum();
        writeln!(f)?;
        writeln!(
            f,
            "{:<7} {:<22} {:>9} {:>11}",
            "method", "route", "requests", "statements"
        )?;
        for ((route, method), totals) in &self.routes {
            row(f, method, route, *totals)?;
        }
        row(f, "total", "", sum)?;
        if !self.events.is_empty() {
            writeln!(f)?;
            writeln!(f, "{:<30} {:>9}", "event", "count")?;
            for (event, count) in &self.events {
                writeln!(f, "{:<30} {count:>9}", event.name())?;
            }
        }
        let seconds = self.elapsed.as_secs_f64();
        writeln!(f)?;
        writeln!(f, "Every answer was as expected.")?;
        writeln!(
            f,
            "{} requests in {seconds:.2} s: {:.0} a second.",
            sum.requests,
            sum.requests as f64 / seconds.max(f64::EPSILON)
        )?;
        writeln!(
            f,
            "{} allocations a request, by server and client together; {} KiB live at the end.",
            self.allocations / sum.requests.max(1),
            self.live_bytes / 1024
        )
    }
}

fn row(f: &mut fmt::Formatter<'_>, method: &str, route: &str, totals: RouteTotals) -> fmt::Result {
    writeln!(
        f,
        "{method:<7} {route:<22} {:>9} {:>11}",
        totals.requests, totals.statements
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_kept_by_method_and_route() {
        let expected = |method, statements| Expected {
            method,
            route: "/notes/{slug}",
            status: 200,
            statements,
            events: &[BlogEvent::NoteUpdated],
        };
        let mut totals = Totals::default();
        totals.add(&expected("GET", 1));
        totals.add(&expected("GET", 1));
        totals.add(&expected("POST", 5));
        let of = |method| totals.routes[&("/notes/{slug}", method)];
        assert_eq!((of("GET").requests, of("GET").statements), (2, 2));
        assert_eq!((of("POST").requests, of("POST").statements), (1, 5));
        assert_eq!(totals.events[&BlogEvent::NoteUpdated], 3);
        assert_eq!(totals.sum().statements, 7);
    }
}
