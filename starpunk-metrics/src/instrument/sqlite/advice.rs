//! Which tables a plan reads whole, and the index that could spare it that.
//!
//! Rather nothing than something wrong: what is not known to be a column of the table, is not alone in its name, or could
//! not be served by an index, gives no advice.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result};

use crate::instrument::sqlite::plan::Step;
use crate::instrument::sqlite::text::conditions::{Column, Conditions};
use crate::instrument::sqlite::text::keywords::keyword;
use crate::model::plan::Scan;

/// What the plan of a statement reads whole, each table once.
pub(crate) fn scans(
    connection: &Connection,
    conditions: &Conditions,
    steps: &[Step],
) -> Result<Vec<Scan>> {
    let sorts = steps.iter().any(Step::sorts);
    let mut scans: Vec<Scan> = Vec::new();
    for step in steps {
        let (name, columns) = match (step.scanned(), step.indexed_each_time()) {
            (Some(name), _) => (name, None),
            (None, Some((name, columns))) => (name, Some(columns)),
            (None, None) => continue,
        };
        let Some(table) = table(connection, conditions, name)? else {
            continue;
        };
        if scans.iter().any(|known| known.table == table) {
            continue;
        }
        let columns = match columns {
            Some(columns) => columns,
            None => wanted(connection, conditions, name, &table, sorts)?,
        };
        let index = if has_index(connection, &table, &columns)? {
            None
        } else {
            index_on(&table, &columns)
        };
        scans.push(Scan {
            rows: count(connection, &table)?,
            index,
            table,
        });
    }
    Ok(scans)
}

/// The table that a plan calls so; `None` for what is none, such as a sub-query, and where that can be told of two.
fn table(connection: &Connection, conditions: &Conditions, name: &str) -> Result<Option<String>> {
    let is = |other: &str| other.eq_ignore_ascii_case(name);
    if conditions.expressions.iter().any(|name| is(name)) {
        return Ok(None);
    }
    let mut called_so = conditions
        .sources
        .iter()
        .filter(|source| is(source.alias.as_deref().unwrap_or(&source.table)))
        .map(|source| source.table.as_str());
    let wanted = called_so.next().unwrap_or(name);
    if called_so.any(|other| !other.eq_ignore_ascii_case(wanted)) {
        return Ok(None);
    }
    connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
        )?
        .query_map([wanted], |row| row.get(0))?
        .next()
        .transpose()
}

/// The columns that an index should have: those that are compared for equality and one for its order, or those that the
/// rows are sorted by.
fn wanted(
    connection: &Connection,
    conditions: &Conditions,
    name: &str,
    table: &str,
    sorts: bool,
) -> Result<Vec<String>> {
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in &conditions.sources {
        if !source.table.eq_ignore_ascii_case(table) {
            let columns = columns(connection, &source.table)?;
            others.insert(source.table.to_ascii_lowercase(), columns);
        }
    }
    let own = columns(connection, table)?;
    let is_its = |column: &Column| match &column.qualifier {
        Some(qualifier) => {
            qualifier.eq_ignore_ascii_case(name) || qualifier.eq_ignore_ascii_case(table)
        }
        // The same name in another table: whose it is nobody can tell here.
        None => !others
            .values()
            .any(|other| find(other, &column.name).is_some()),
    };
    let of_it = |all: &[Column]| -> Vec<String> {
        let its = all.iter().filter(|column| is_its(column));
        its.filter_map(|column| find(&own, &column.name).cloned())
            .collect()
    };
    let mut wanted = of_it(&conditions.equal);
    // A second range would not be looked up.
    let mut ranges = of_it(&conditions.ranges).into_iter();
    let range = ranges.find(|column| !wanted.contains(column));
    wanted.extend(range);
    // Each of several that are enough would want an index of its own.
    if conditions.has_or && wanted.len() > 1 {
        return Ok(Vec::new());
    }
    if wanted.is_empty() && sorts {
        wanted = of_it(&conditions.ordered);
    }
    Ok(wanted)
}

fn find<'a>(columns: &'a [String], name: &str) -> Option<&'a String> {
    columns
        .iter()
        .find(|column| column.eq_ignore_ascii_case(name))
}

/// The columns of a table but for the one that is its row's number, which needs no index.
fn columns(connection: &Connection, table: &str) -> Result<Vec<String>> {
    connection
        .prepare(
            "SELECT name FROM pragma_table_info(?1) AS info
             WHERE NOT (pk = 1 AND type = 'INTEGER' COLLATE NOCASE
                 AND (SELECT count(*) FROM pragma_table_info(?1) WHERE pk > 0) = 1)",
        )?
        .query_map([table], |row| row.get(0))?
        .collect()
}

/// Whether there is an index that begins with these columns: then SQLite has a reason not to use it.
fn has_index(connection: &Connection, table: &str, wanted: &[String]) -> Result<bool> {
    let indexes: Vec<String> = connection
        .prepare("SELECT name FROM pragma_index_list(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for index in indexes {
        // A part of an index that is an expression has no name.
        let columns: Vec<Option<String>> = connection
            .prepare("SELECT name FROM pragma_index_info(?1) ORDER BY seqno")?
            .query_map([index], |row| row.get(0))?
            .collect::<Result<_>>()?;
        let is_same = |(wanted, column): (&String, &Option<String>)| {
            column
                .as_ref()
                .is_some_and(|column| column.eq_ignore_ascii_case(wanted))
        };
        if columns.len() >= wanted.len() && wanted.iter().zip(&columns).all(is_same) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn count(connection: &Connection, table: &str) -> Result<u64> {
    let (table, most) = (quoted(table), Scan::COUNTED);
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {most})");
    let rows: u32 = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(u64::from(rows))
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
