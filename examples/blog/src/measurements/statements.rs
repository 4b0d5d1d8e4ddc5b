//! The statements that took the most time, as a table for a terminal.

use std::fmt::{self, Display, Formatter};

use starpunk_metrics::{Snapshot, StatementStats};

use crate::measurements::milliseconds;

/// Number of statements in the table.
const TOP_STATEMENTS: usize = 20;

/// The statements of a snapshot by shape, with the functions around each below it.
#[derive(Debug)]
pub(super) struct StatementTable<'a>(pub(super) &'a Snapshot);

impl Display for StatementTable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let statements = self.0.statements();
        if statements.is_empty() {
            return writeln!(f, "No statement has run so far.");
        }
        let cells = ["calls", "total ms", "p95 ms", "rows", "reused", "scans"];
        write_row(f, &cells, "statement, and the functions that ran it")?;
        for statement in statements.iter().take(TOP_STATEMENTS) {
            write_statement(f, statement)?;
        }
        Ok(())
    }
}

fn write_statement(f: &mut Formatter<'_>, statement: &StatementStats) -> fmt::Result {
    let (tally, facts) = (&statement.tally, &statement.facts);
    let reused = facts.reuse_rate();
    let cells = [
        tally.count().to_string(),
        milliseconds(tally.total()),
        milliseconds(tally.quantile(0.95)),
        facts.rows.to_string(),
        reused.map_or_else(|| "-".to_owned(), |rate| format!("{:.0}%", rate * 100.0)),
        facts.scans.to_string(),
    ];
    write_row(
        f,
        &cells.each_ref().map(String::as_str),
        &statement.fingerprint,
    )?;
    let functions: Vec<&str> = statement
        .functions
        .iter()
        .map(|(function, _)| function.as_str())
        .collect();
    if functions.is_empty() {
        return Ok(());
    }
    write_row(f, &[""; 6], &format!("in {}", functions.join(", ")))
}

fn write_row(f: &mut Formatter<'_>, cells: &[&str; 6], text: &str) -> fmt::Result {
    for (cell, width) in cells.iter().zip([7, 9, 8, 8, 7, 6]) {
        write!(f, "{cell:>width$} ")?;
    }
    writeln!(f, " {text}")
}
