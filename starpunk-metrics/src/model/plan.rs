//! How SQLite runs the statements of one shape, and the errand that finds out.

use std::fmt;

/// How SQLite runs the statements of one shape, as `EXPLAIN QUERY PLAN` tells it.
///
/// Taken on a connection of its own that only reads, after a statement of the shape was slow, or looked at 1000 rows and more
/// for at most half as many; and taken again when it looks at four times as many, or when a recorded statement changed the
/// schema. Parameters are unbound, so where SQLite looks at their values it may choose otherwise. Temporary and attached tables
/// and functions of the application's own are not known there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryPlan {
    /// The steps, each as deep in the text as it is in the plan.
    Steps(Vec<String>),
    /// There is none, and this is why.
    Unavailable(&'static str),
}

/// A table that a plan reads whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) table: String,
    /// How many rows it has, at most [`Scan::COUNTED`].
    pub(crate) rows: u64,
    /// The statement that makes an index of the columns that its rows are chosen by, or else ordered by.
    pub(crate) index: Option<String>,
}

impl Scan {
    /// Nobody needs to know how much larger a table is that is this large.
    pub(crate) const COUNTED: u64 = 10_000;
}

/// What an errand found.
#[derive(Debug)]
pub(crate) struct PlanReport {
    pub(crate) shape: u16,
    pub(crate) plan: QueryPlan,
    pub(crate) scans: Vec<Scan>,
    /// Whether asking again may tell more: the database was locked.
    pub(crate) is_provisional: bool,
}

impl PlanReport {
    pub(crate) fn has_steps(&self) -> bool {
        matches!(self.plan, QueryPlan::Steps(_))
    }
}

/// Finds out a plan. The collector runs it, and knows nothing of databases.
pub(crate) struct PlanErrand(pub(crate) Box<dyn FnOnce() -> PlanReport + Send>);

impl fmt::Debug for PlanErrand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlanErrand")
    }
}
