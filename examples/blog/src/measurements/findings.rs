//! What was found wrong, as a text for a terminal and as a page for a browser.

use std::fmt::{self, Display, Formatter};

use askama::Template;
use starpunk_metrics::{Finding, OperationType, Snapshot};

use crate::search::MAX_QUERY_CHARS;
use crate::views::{SITE_DESCRIPTION, SITE_TITLE};

/// The same as [`FindingList`], where the requests are links to their stories.
#[derive(Debug, Template)]
#[template(path = "findings.html")]
pub(super) struct FindingsPage<'a>(pub(super) &'a Snapshot);

/// The findings of a snapshot, one paragraph each.
#[derive(Debug)]
pub(super) struct FindingList<'a>(pub(super) &'a Snapshot);

impl Display for FindingList<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let findings = self.0.findings();
        let seen = seen(self.0);
        if findings.is_empty() {
            return writeln!(f, "Nothing was found wrong so far, in {seen}.");
        }
        writeln!(
            f,
            "Found wrong so far, in {seen}: where clients were failed, and then what took the most time:"
        )?;
        for (number, finding) in (1..).zip(findings) {
            write_finding(f, number, finding)?;
        }
        Ok(())
    }
}

fn write_finding(f: &mut Formatter<'_>, number: usize, finding: &Finding) -> fmt::Result {
    writeln!(f, "\n{number}. {}, {}", finding.kind, extent(finding))?;
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
        write_line(f, "request", &format_args!("/requests/{request}"))?;
    }
    Ok(())
}

fn write_line(f: &mut Formatter<'_>, name: &str, value: &impl Display) -> fmt::Result {
    writeln!(f, "   {name:<10} {value}")
}

/// In how much it was looked for.
fn seen(snapshot: &Snapshot) -> String {
    let count = |operation_type| {
        let by_type = &snapshot.stats.by_type;
        by_type.get(&operation_type).map_or(0, |stats| stats.count)
    };
    let (requests, statements) = (count(OperationType::Http), count(OperationType::Database));
    format!("{requests} requests and {statements} statements")
}

/// How often it was seen, and the time that it took.
fn extent(finding: &Finding) -> String {
    let times = match finding.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let milliseconds = finding.time.as_secs_f64() * 1_000.0;
    format!("{times}, {milliseconds:.1} ms")
}
