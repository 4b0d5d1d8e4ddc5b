//! What was found wrong, as a text for a terminal.

use std::fmt::{self, Display, Formatter};

use starpunk_metrics::{Finding, OperationType, Snapshot};

/// The findings of a snapshot, one paragraph each.
#[derive(Debug)]
pub(super) struct FindingList<'a>(pub(super) &'a Snapshot);

impl Display for FindingList<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let findings = self.0.findings();
        let count = |operation_type| {
            let by_type = &self.0.stats.by_type;
            by_type.get(&operation_type).map_or(0, |stats| stats.count)
        };
        let (requests, statements) = (count(OperationType::Http), count(OperationType::Database));
        if findings.is_empty() {
            return writeln!(
                f,
                "Nothing was found wrong so far, in {requests} requests and {statements} statements."
            );
        }
        writeln!(
            f,
            "Found wrong so far, in {requests} requests and {statements} statements, what took the most time first:"
        )?;
        for (number, finding) in (1..).zip(findings) {
            write_finding(f, number, finding)?;
        }
        Ok(())
    }
}

fn write_finding(f: &mut Formatter<'_>, number: usize, finding: &Finding) -> fmt::Result {
    let times = match finding.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let milliseconds = finding.time.as_secs_f64() * 1_000.0;
    writeln!(
        f,
        "\n{number}. {}, {times}, {milliseconds:.1} ms",
        finding.kind
    )?;
    let lines = [
        ("route", &finding.route),
        ("function", &finding.function),
        ("statement", &finding.statement),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            write_line(f, name, value)?;
        }
    }
    write_line(f, "evidence", &finding.evidence)?;
    write_line(f, "advice", &finding.advice)?;
    for request in &finding.requests {
        write_line(f, "request", request)?;
    }
    Ok(())
}

fn write_line(f: &mut Formatter<'_>, name: &str, value: &impl Display) -> fmt::Result {
    writeln!(f, "   {name:<10} {value}")
}
