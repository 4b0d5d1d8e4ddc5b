//! How SQLite runs a slow statement, and which tables it reads whole.
//!
//! The thread that ran it only leaves an errand, once for a shape. The collector runs that on a connection of its own that
//! reads and never runs the statement. The text lives until then, and no longer: it has literals in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Result, ffi};

use crate::instrument::sqlite::error::Failure;
use crate::instrument::sqlite::text::conditions::{Column, Conditions, conditions};
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::text::keywords::keyword;
use crate::model::names::Shape;
use crate::model::plan::{PlanErrand, PlanReport, QueryPlan, Scan};
use crate::model::statement::Statement;
use crate::record::current::Current;

/// How long the collector waits for a lock: it has other things to do, and may be asked again.
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);

/// Asks for the plan of a slow statement, if nobody has.
#[cold]
pub(crate) fn ask(
    current: &Current<'_>,
    statement: &Statement,
    sql: &str,
    file: Option<&Arc<str>>,
) {
    let number = statement.shape;
    let known = current.recorder.names.shapes.get(u32::from(number));
    if !known.shape.has_rows() || !known.asks_for_plan() {
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
            plan: QueryPlan::Steps(steps.into_iter().map(|step| step.indented()).collect()),
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
struct Step {
    depth: usize,
    text: String,
}

impl Step {
    fn indented(&self) -> String {
        format!("{:1$}{2}", "", self.depth * 2, self.text)
    }

    /// The name, or the alias, of what it reads whole.
    fn scanned(&self) -> Option<&str> {
        let rest = self.text.strip_prefix("SCAN ")?;
        // An index that has all that is asked for is read whole instead: also row by row.
        let name = rest.split(" USING ").next()?;
        (!rest.contains("VIRTUAL TABLE") && !name.starts_with('(')).then_some(name)
    }

    /// The table for which an index is made each time, and the columns of it.
    fn indexed_each_time(&self) -> Option<(&str, Vec<String>)> {
        let rest = self.text.strip_prefix("SEARCH ")?;
        let (name, index) = rest.split_once(" USING AUTOMATIC ")?;
        let columns = index.split_once('(')?.1.trim_end_matches(')');
        let columns = columns.split(" AND ").map(|term| {
            let end = term.find(['=', '<', '>']).unwrap_or(term.len());
            term[..end].to_owned()
        });
        Some((name, columns.collect()))
    }
}

fn explain(sql: &str, fingerprint: &str, file: &str) -> Result<(Vec<Step>, Vec<Scan>)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let known = names(&connection)?;
    let is_told = |name: &str| {
        let name = name.to_ascii_lowercase();
        known.contains(&name) || fingerprint.to_ascii_lowercase().contains(&name)
    };
    let steps = steps(&connection, sql, is_told)?;
    // Names that may be strings are names here: they are looked up in the schema.
    let conditions = conditions(sql, DoubleQuotes::AreNames);
    let mut scans = Vec::new();
    for step in &steps {
        let found = match (step.scanned(), step.indexed_each_time()) {
            (Some(name), _) => scan(&connection, &conditions, name, None)?,
            (_, Some((name, columns))) => scan(&connection, &conditions, name, Some(columns))?,
            _ => None,
        };
        scans.extend(found);
    }
    Ok((steps, scans))
}

/// The names of the schema, in lower case.
fn names(connection: &Connection) -> Result<BTreeSet<String>> {
    connection
        .prepare("SELECT lower(name) FROM sqlite_schema")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Asks for the plan; parameters stay unbound.
fn steps(connection: &Connection, sql: &str, is_told: impl Fn(&str) -> bool) -> Result<Vec<Step>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = statement.raw_query();
    let mut depths = BTreeMap::new();
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, parent): (i64, i64) = (row.get(0)?, row.get(1)?);
        let depth = depths.get(&parent).map_or(0, |depth| depth + 1);
        depths.insert(id, depth);
        let text: String = row.get(3)?;
        let text = without_literals(&text, &is_told);
        steps.push(Step { depth, text });
    }
    Ok(steps)
}

/// What is known of a table that is read whole; `None` for what is no table, such as a sub-query.
fn scan(
    connection: &Connection,
    conditions: &Conditions,
    name: &str,
    indexed: Option<Vec<String>>,
) -> Result<Option<Scan>> {
    let source = conditions.sources.iter().find(|source| {
        let alias = source.alias.as_deref().unwrap_or(&source.table);
        alias.eq_ignore_ascii_case(name)
    });
    let wanted = source.map_or(name, |source| &source.table);
    let mut tables = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
    )?;
    let Some(table) = tables
        .query_map([wanted], |row| row.get::<_, String>(0))?
        .next()
        .transpose()?
    else {
        return Ok(None);
    };
    let quoted = quoted(&table);
    let most = Scan::COUNTED;
    let rows: u32 = connection.query_row(
        &format!("SELECT count(*) FROM (SELECT 1 FROM {quoted} LIMIT {most})"),
        [],
        |row| row.get(0),
    )?;
    let columns = match indexed {
        Some(columns) => columns,
        None => {
            let known = columns_of(connection, &table)?;
            let of_it = |columns: &[Column]| own_columns(columns, &known, name, &table);
            let compared = of_it(&conditions.compared);
            if compared.is_empty() {
                of_it(&conditions.ordered)
            } else {
                compared
            }
        }
    };
    Ok(Some(Scan {
        rows: u64::from(rows),
        index: index_on(&table, &columns),
        table,
    }))
}

/// The statement that makes an index.
fn index_on(table: &str, columns: &[String]) -> Option<String> {
    if columns.is_empty() {
        return None;
    }
    let name = quoted(&format!("{table}_by_{}", columns.join("_")));
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let columns = columns.join(", ");
    Some(format!(
        "CREATE INDEX {name} ON {}({columns})",
        quoted(table)
    ))
}

/// A name as SQL has it, in quotes where it needs them.
fn quoted(name: &str) -> String {
    let is_word = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii());
    let begins_well = !name.starts_with(|c: char| c.is_ascii_digit());
    if is_word && begins_well && keyword(name).is_none() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn columns_of(connection: &Connection, table: &str) -> Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect()
}

/// Those columns that are the table's own, in its spelling.
fn own_columns(columns: &[Column], known: &[String], name: &str, table: &str) -> Vec<String> {
    let is_its = |qualifier: &str| {
        qualifier.eq_ignore_ascii_case(name) || qualifier.eq_ignore_ascii_case(table)
    };
    columns
        .iter()
        .filter(|column| column.qualifier.as_deref().is_none_or(is_its))
        .filter_map(|column| {
            let mut known = known.iter();
            known.find(|known| known.eq_ignore_ascii_case(&column.name))
        })
        .cloned()
        .collect()
}

/// What begins with these words goes on with a name, until one of [`AFTER_NAME`].
const BEFORE_NAME: [&str; 4] = ["SCAN ", "SEARCH ", "MATERIALIZE ", "CO-ROUTINE "];
const AFTER_NAME: [&str; 3] = [" USING ", " VIRTUAL TABLE", " LEFT-JOIN"];

/// A step without what may be somebody's data: an alias can be written as a string, and the module of a virtual table
/// tells its plan in words of its own.
fn without_literals(step: &str, is_told: impl Fn(&str) -> bool) -> String {
    let step = match step.find(" VIRTUAL TABLE") {
        Some(at) => &step[..at + " VIRTUAL TABLE".len()],
        None => step,
    };
    let Some(before) = BEFORE_NAME.iter().find(|word| step.starts_with(**word)) else {
        return step.to_owned();
    };
    let rest = &step[before.len()..];
    let end = AFTER_NAME.iter().filter_map(|word| rest.find(word)).min();
    let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
    format!("{before}{}{after}", if is_told(name) { name } else { "?" })
}
