//! What a run did, and what of it does not add up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use starpunk_metrics::{RequestOutcome, RouteStats, Snapshot};

use crate::soak::Plan;
use crate::soak::errand::Errand;

const QUARTERS: usize = 4;

/// What one run did.
#[derive(Debug)]
pub struct Report {
    pub(super) plan: Plan,
    /// Requests that the clients sent, by what they were for.
    pub(super) sent: BTreeMap<Errand, u64>,
    /// Requests that the App saw.
    pub(super) seen: u64,
    /// What was measured, after the end of the server.
    pub(super) snapshot: Snapshot,
    /// Resident bytes after each quarter.
    pub(super) resident: [Option<u64>; QUARTERS],
    pub(super) elapsed: Duration,
    /// How often what came that should not have.
    pub(super) wrong: BTreeMap<String, u64>,
}

impl Report {
    /// How many records there are, by what `count` takes of each.
    fn sum(&self, count: impl Fn(&RouteStats) -> u64) -> u64 {
        self.snapshot.routes.iter().map(count).sum()
    }

    /// Names everything that does not add up; nothing, if all is well.
    pub fn differences(&self) -> Vec<String> {
        let wrong = self.wrong.iter();
        let mut differences: Vec<String> = wrong
            .map(|(what, count)| format!("{count} times {what}"))
            .collect();
        let records = self.sum(|route| route.tally.count());
        if records != self.seen {
            let seen = self.seen;
            differences.push(format!(
                "the App saw {seen} requests, and {records} records were kept"
            ));
        }
        let in_flight = self.snapshot.requests_in_flight;
        if in_flight != 0 {
            differences.push(format!(
                "{in_flight} requests are in flight without a server"
            ));
        }
        let at_routes = self.sum(|route| route.in_flight);
        if at_routes != 0 {
            differences.push(format!(
                "{at_routes} requests are in flight at routes without a server"
            ));
        }
        if let [_, Some(half), _, Some(end)] = self.resident
            && let Some(limit) = self.plan.growth_limit_bytes
            && end.saturating_sub(half) > limit
        {
            let grown = end - half;
            differences.push(format!(
                "memory grew by {grown} bytes in the second half, more than {limit}"
            ));
        }
        differences
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<28} {value:>12}");
        let sum = |count: fn(&RouteStats) -> u64| self.sum(count);
        row("seed", &self.plan.seed)?;
        row("requests sent", &self.sent.values().sum::<u64>())?;
        row("requests the App saw", &self.seen)?;
        row("records", &sum(|route| route.tally.count()))?;
        for outcome in RequestOutcome::ALL {
            let count = self.sum(|route| route.count_of(outcome));
            row(&format!("  {outcome}"), &count)?;
        }
        row("in flight at the end", &self.snapshot.requests_in_flight)?;
        let statuses = self
            .snapshot
            .routes
            .iter()
            .flat_map(|route| &route.statuses);
        let statuses = statuses
            .map(|(status, _)| *status)
            .collect::<BTreeSet<u16>>();
        for status in statuses {
            let of_status = |route: &RouteStats| {
                let found = route.statuses.iter().find(|(known, _)| *known == status);
                found.map_or(0, |(_, count)| *count)
            };
            row(&format!("  status {status}"), &self.sum(of_status))?;
        }
        for (reason, count) in &self.snapshot.dropped {
            row(&format!("  dropped, {}", reason.as_str()), count)?;
        }
        for (errand, count) in &self.sent {
            row(&format!("  sent, {errand:?}"), count)?;
        }
        for (at, resident) in self.resident.iter().enumerate() {
            if let Some(bytes) = resident {
                row(
                    &format!("resident KiB, quarter {}", at + 1),
                    &(bytes / 1024),
                )?;
            }
        }
        row("seconds", &format!("{:.1}", self.elapsed.as_secs_f64()))
    }
}
