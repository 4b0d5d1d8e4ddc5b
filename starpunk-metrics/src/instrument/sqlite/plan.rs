//! How SQLite runs a slow statement, and which tables it reads whole.
//!
//! The thread that ran it only leaves an errand, once for a shape. The collector runs that on a connection of its own that
//! reads and never runs the statement. The text lives until then, and no longer: it has literals in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Result, ffi};

use crate::instrument::sqlite::advice;
use crate::instrument::sqlite::error::Failure;
use crate::instrument::sqlite::text::conditions::conditions;
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::model::names::Shape;
use crate::model::plan::{PlanErrand, PlanReport, QueryPlan, Scan};
use crate::model::statement::Statement;
use crate::record::current::Current;

/// Asks for the plan of a statement that was slow or looked at many rows, if that is not known.
#[cold]
pub(crate) fn ask(
    current: &Current<'_>,
    statement: &Statement,
    sql: &str,
    file: Option<&Arc<str>>,
) {
    let number = statement.shape;
    let known = current.recorder.names.shapes.get(u32::from(number));
    let looked_at = statement
        .detail
        .as_ref()
        .map_or(0, |detail| detail.scan_steps);
    if !known.shape.has_rows() || !known.asks_for_plan(file.is_some(), looked_at) {
        return;
    }
    let file = file.cloned();
    let sql = sql.to_owned();
    let of = Arc::clone(&known);
    let errand = move || report(number, &of.shape, &sql, file.as_deref());
    let sent = current.recorder.run_later(PlanErrand(Box::new(errand)));
    if !sent {
        known.ask_again();
    }
}

fn report(number: u16, shape: &Shape, sql: &str, file: Option<&str>) -> PlanReport {
    let unavailable = |why| PlanReport {
        shape: number,
        plan: QueryPlan::Unavailable(why),
        scans: Vec::new(),
        is_provisional: false,
    };
    let Some(file) = file else {
        return unavailable("the database is in memory");
    };
    match explain(sql, &shape.fingerprint, file) {
        Ok((steps, scans)) => PlanReport {
            shape: number,
            plan: QueryPlan::Steps(steps.iter().map(Step::indented).collect()),
            scans,
            is_provisional: false,
        },
        // The low byte is the primary code (rescode.html).
        Err(error) => match Failure::of(&error).and_then(|failure| failure.code) {
            Some(code) if [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED].contains(&(code & 0xff)) => {
                PlanReport {
                    is_provisional: true,
                    ..unavailable("the database was locked")
                }
            }
            // It may use a function, a collation, a virtual table or an attached database of the application's own.
            Some(code) if code & 0xff == ffi::SQLITE_ERROR => {
                unavailable("it cannot be prepared on a connection of its own")
            }
            _ => unavailable("the database cannot be read on a connection of its own"),
        },
    }
}

/// One step of a plan.
pub(crate) struct Step {
    depth: usize,
    /// As SQLite tells it; it stays here.
    text: String,
    /// What may be shown of it.
    shown: String,
}

impl Step {
    fn indented(&self) -> String {
        format!("{:1$}{2}", "", self.depth * 2, self.shown)
    }

    /// The name, or the alias, of what it reads whole.
    pub(crate) fn scanned(&self) -> Option<&str> {
        let rest = self.text.strip_prefix("SCAN ")?;
        // An index that has all that is asked for is read whole instead: also row by row.
        let name = bare(rest.split(" USING ").next()?);
        (!rest.contains("VIRTUAL TABLE") && !name.starts_with('(')).then_some(name)
    }

    /// The table for which an index is made each time, and the columns of it.
    pub(crate) fn indexed_each_time(&self) -> Option<(&str, Vec<String>)> {
        let rest = self.text.strip_prefix("SEARCH ")?;
        let (name, index) = rest.split_once(" USING AUTOMATIC ")?;
        let columns = index.split_once('(')?.1.trim_end_matches(')');
        let columns = columns.split(" AND ").map(|term| {
            let end = term.find(['=', '<', '>']).unwrap_or(term.len());
            term[..end].to_owned()
        });
        Some((bare(name), columns.collect()))
    }

    /// Whether rows are sorted in it because no index has them in that order.
    pub(crate) fn sorts(&self) -> bool {
        self.text.starts_with("USE TEMP B-TREE FOR")
    }
}

/// The name of a source without what SQLite says of its join, and without the schema in front of it.
fn bare(name: &str) -> &str {
    let name = name.strip_suffix(" LEFT-JOIN").unwrap_or(name);
    let name = name.strip_suffix(" EXISTS").unwrap_or(name);
    name.strip_prefix("main.").unwrap_or(name)
}

fn explain(sql: &str, fingerprint: &str, file: &str) -> Result<(Vec<Step>, Vec<Scan>)> {
    // Not `READ_ONLY`: where the application's last connection has gone, such a one makes the files of a write-ahead log and
    // cannot take them away again. With `query_only` it writes as little.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    // Do not wait: the collector has other things to do, and may be asked again.
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "query_only", true)?;
    let mut known: BTreeSet<String> = words(fingerprint).collect();
    for name in names(&connection)? {
        known.extend(words(&name));
    }
    let steps = steps(&connection, sql, &known)?;
    // Names that may be strings are names here: they are looked up in the schema.
    let conditions = conditions(sql, DoubleQuotes::AreNames);
    let scans = advice::scans(&connection, &conditions, &steps)?;
    Ok((steps, scans))
}

/// The names of the schema: tables, indexes and columns.
fn names(connection: &Connection) -> Result<Vec<String>> {
    connection
        .prepare(
            "SELECT name FROM sqlite_schema
             UNION ALL SELECT c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE s.type = 'table'",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Asks for the plan; parameters stay unbound.
fn steps(connection: &Connection, sql: &str, known: &BTreeSet<String>) -> Result<Vec<Step>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = statement.raw_query();
    let mut depths = BTreeMap::new();
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, parent): (i64, i64) = (row.get(0)?, row.get(1)?);
        let depth = depths.get(&parent).map_or(0, |depth| depth + 1);
        depths.insert(id, depth);
        let text: String = row.get(3)?;
        let shown = shown(&text, known);
        steps.push(Step { depth, text, shown });
    }
    Ok(steps)
}

/// The words that SQLite writes a plan with (where.c, wherecode.c, select.c). A number follows some of them.
const WORDS: [&str; 59] = [
    "all",
    "and",
    "any",
    "automatic",
    "b",
    "bloom",
    "by",
    "co",
    "compound",
    "constant",
    "correlated",
    "covering",
    "create",
    "distinct",
    "except",
    "exists",
    "expr",
    "filter",
    "for",
    "group",
    "index",
    "integer",
    "intersect",
    "join",
    "key",
    "last",
    "left",
    "list",
    "materialize",
    "merge",
    "most",
    "multi",
    "of",
    "on",
    "or",
    "order",
    "part",
    "partial",
    "primary",
    "query",
    "recursive",
    "reuse",
    "right",
    "routine",
    "row",
    "rowid",
    "rows",
    "scalar",
    "scan",
    "search",
    "setup",
    "step",
    "subquery",
    "table",
    "temp",
    "term",
    "terms",
    "the",
    "tree",
];
const MORE_WORDS: [&str; 5] = ["union", "use", "using", "virtual", "with"];

/// A step with nothing in it but SQLite's own words, names of the schema, and what the fingerprint shows as well.
///
/// An alias or a column can be written as a string, a column without a name is called as its text is, and the module of a
/// virtual table tells its plan in words of its own.
fn shown(step: &str, known: &BTreeSet<String>) -> String {
    let end = step
        .find(" VIRTUAL TABLE")
        .map(|at| at + " VIRTUAL TABLE".len());
    let mut rest = &step[..end.unwrap_or(step.len())];
    let mut text = String::with_capacity(rest.len());
    let mut may_count = false;
    while let Some(first) = rest.chars().next() {
        if !is_word(first) {
            text.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let lower = word.to_ascii_lowercase();
        let is_sqlites = WORDS.contains(&&*lower) || MORE_WORDS.contains(&&*lower);
        let is_number =
            may_count && word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        text.push_str(if is_sqlites || is_number || known.contains(&lower) {
            word
        } else {
            "?"
        });
        may_count = matches!(&*lower, "subquery" | "index" | "last" | "scan");
        rest = &rest[word.len()..];
    }
    text
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// All words of a text, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c| !is_word(c)).map(str::to_ascii_lowercase)
}
