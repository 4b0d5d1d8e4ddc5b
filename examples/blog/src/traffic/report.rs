//! What is printed after the traffic.

use std::cmp::Reverse;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use starpunk_metrics::{OperationStats, OperationType, Snapshot};

use crate::traffic::comparison::{self, Difference, RouteRow};
use crate::traffic::totals::{RouteTotals, Totals};

/// Number of statements in the table of those that took the most time.
const TOP_STATEMENTS: usize = 10;

/// What was sent, and what was measured of it.
#[derive(Debug)]
pub(crate) struct Report {
    totals: Totals,
    /// `None` if nothing was to be measured.
    snapshot: Option<Snapshot>,
    pub(crate) differences: Vec<Difference>,
}

impl Report {
    pub(crate) fn new(totals: Totals, snapshot: Option<Snapshot>) -> Self {
        let differences = snapshot
            .as_ref()
            .map(|snapshot| comparison::differences(&totals, snapshot));
        Self {
            totals,
            snapshot,
            differences: differences.unwrap_or_default(),
        }
    }

    fn write_routes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cells = [
            "sent",
            "measured",
            "statements",
            "measured",
            "5xx",
            "measured",
            "p50 ms",
            "p95 ms",
            "max ms",
        ];
        write_row(f, "method", "route", &cells)?;
        let mut measured = RouteTotals::default();
        for row in comparison::routes(&self.totals, self.snapshot.as_ref()) {
            if let Some(route) = row.measured {
                measured += comparison::measured_totals(route);
            }
            self.write_route(f, &row)?;
        }
        let http = self
            .snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.stats.by_type.get(&OperationType::Http));
        let times = http.map(|http| [http.p50, http.p95, http.max]);
        let measured = self.snapshot.is_some().then_some(measured);
        write_counts(f, "total", "", self.totals.sum(), measured, times)
    }

    fn write_route(&self, f: &mut Formatter<'_>, row: &RouteRow<'_>) -> fmt::Result {
        let counts = row.measured.map(comparison::measured_totals);
        let measured = self.snapshot.is_some().then(|| counts.unwrap_or_default());
        let times = row.measured.map(|route| {
            let tally = &route.tally;
            [tally.quantile(0.50), tally.quantile(0.95), tally.max()]
        });
        write_counts(f, row.method, row.route, row.sent, measured, times)
    }

    fn write_events(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let events = comparison::events(&self.totals, self.snapshot.as_ref());
        if events.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{:<30} {:>9} {:>9}", "event", "sent", "measured")?;
        for (event, (sent, measured)) in events {
            let measured = self.snapshot.is_some().then_some(measured);
            writeln!(f, "{event:<30} {sent:>9} {:>9}", cell(measured))?;
        }
        Ok(())
    }

    fn write_sent(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let requests = self.totals.sum().requests;
        let seconds = self.totals.elapsed.as_secs_f64();
        writeln!(f, "\nEvery answer was as expected.")?;
        writeln!(
            f,
            "{requests} requests in {seconds:.2} s: {:.0} a second.",
            requests as f64 / seconds.max(f64::EPSILON)
        )?;
        writeln!(
            f,
            "{} allocations a request, by server and client together; {} KiB live at the end.",
            self.totals.allocations / requests.max(1),
            self.totals.live_bytes / 1024
        )
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        self.write_routes(f)?;
        self.write_events(f)?;
        if let Some(snapshot) = &self.snapshot {
            write_statements(f, snapshot)?;
        }
        self.write_sent(f)?;
        let Some(snapshot) = &self.snapshot else {
            return writeln!(f, "METRICS_ENABLED is off: nothing was measured.");
        };
        write_memory(f, snapshot)?;
        write_dropped(f, snapshot)?;
        if self.differences.is_empty() {
            return writeln!(f, "Every number is as expected.");
        }
        writeln!(f, "Not every number is as expected:")?;
        for difference in &self.differences {
            writeln!(f, "  {difference}")?;
        }
        Ok(())
    }
}

fn write_statements(f: &mut Formatter<'_>, snapshot: &Snapshot) -> fmt::Result {
    let mut statements: Vec<&OperationStats> = snapshot
        .operations
        .iter()
        .filter(|operation| operation.operation_type == OperationType::Database)
        .collect();
    if statements.is_empty() {
        return Ok(());
    }
    statements.sort_by_key(|statement| Reverse(statement.tally.total()));
    writeln!(
        f,
        "\n{:<30} {:>9} {:>9} {:>9} {:>9}",
        "statement", "count", "errors", "p95 ms", "total ms"
    )?;
    for statement in statements.into_iter().take(TOP_STATEMENTS) {
        let tally = &statement.tally;
        writeln!(
            f,
            "{:<30} {:>9} {:>9} {:>9} {:>9}",
            statement.name,
            tally.count(),
            tally.errors(),
            milliseconds(tally.quantile(0.95)),
            milliseconds(tally.total())
        )?;
    }
    Ok(())
}

fn write_memory(f: &mut Formatter<'_>, snapshot: &Snapshot) -> fmt::Result {
    let Some(memory) = &snapshot.memory else {
        return Ok(());
    };
    write!(
        f,
        "Memory: {} KiB resident, {} KiB at most",
        memory.usage.resident_bytes / 1024,
        memory.usage.peak_resident_bytes / 1024
    )?;
    if let Some(allocator) = memory.allocator {
        write!(f, ", {} KiB allocated", allocator.live_bytes / 1024)?;
    }
    writeln!(f, ".")
}

fn write_dropped(f: &mut Formatter<'_>, snapshot: &Snapshot) -> fmt::Result {
    write!(f, "{} records dropped", snapshot.stats.dropped)?;
    for (reason, count) in snapshot.dropped.iter().filter(|(_, count)| *count > 0) {
        write!(f, ", {}: {count}", reason.as_str())?;
    }
    writeln!(f, ".")
}

fn write_counts(
    f: &mut Formatter<'_>,
    method: &str,
    route: &str,
    sent: RouteTotals,
    measured: Option<RouteTotals>,
    times: Option<[Duration; 3]>,
) -> fmt::Result {
    let [p50, p95, max] = times
        .map(|times| times.map(milliseconds))
        .unwrap_or_default();
    let cells = [
        sent.requests.to_string(),
        cell(measured.map(|measured| measured.requests)),
        sent.statements.to_string(),
        cell(measured.map(|measured| measured.statements)),
        sent.errors.to_string(),
        cell(measured.map(|measured| measured.errors)),
        p50,
        p95,
        max,
    ];
    write_row(f, method, route, &cells.each_ref().map(String::as_str))
}

fn write_row(f: &mut Formatter<'_>, method: &str, route: &str, cells: &[&str; 9]) -> fmt::Result {
    let mut line = format!("{method:<7} {route:<22}");
    for (cell, width) in cells.iter().zip([8, 8, 11, 8, 6, 8, 8, 8, 8]) {
        line.push_str(&format!(" {cell:>width$}"));
    }
    writeln!(f, "{}", line.trim_end())
}

fn cell(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1_000.0)
}
