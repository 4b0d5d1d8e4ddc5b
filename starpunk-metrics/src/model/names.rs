//! The names that are learnt while the program runs: routes, statement shapes and pools, each table bounded.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use crate::model::interner::Interner;
use crate::model::pool::Pools;
use crate::model::route_names::RouteNames;

/// How many statement shapes have a series of their own, and how many bytes their texts may have together.
const MAX_SHAPES: usize = 1_000;
const MAX_SHAPE_BYTES: usize = 256 * 1024;

/// What statements of one shape have in common, as their text tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The verb, such as `SELECT`; `UNKNOWN` where SQLite has no such statement.
    pub(crate) query_type: &'static str,
    /// The one table it is about; `unknown` where there is none, or more than one.
    pub(crate) table: Box<str>,
    /// `SELECT notes`, or the verb alone where the table is unknown.
    pub(crate) name: Box<str>,
    /// The text without literals, parameters, lists and comments.
    pub(crate) fingerprint: Box<str>,
    pub(crate) effect: Effect,
}

/// What a statement does to the transaction it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It reads, or does something that needs no transaction.
    Read,
    /// It needs the write lock of its database.
    Write,
    /// `BEGIN`, `BEGIN DEFERRED`.
    Begin,
    /// `BEGIN IMMEDIATE` or `EXCLUSIVE`: it has the write lock from its end on.
    BeginWrite,
    Commit,
    Rollback,
    /// The number is a hash of the name in lower case.
    Savepoint(u64),
    Release(u64),
    RollbackTo(u64),
}

impl Shape {
    pub(crate) const UNKNOWN_TABLE: &str = "unknown";

    /// What stands for every shape beyond the cap.
    fn other() -> Self {
        Self {
            query_type: "OTHER",
            table: Self::UNKNOWN_TABLE.into(),
            name: "OTHER".into(),
            fingerprint: "other".into(),
            effect: Effect::Read,
        }
    }

    pub(crate) fn has_table(&self) -> bool {
        *self.table != *Self::UNKNOWN_TABLE
    }

    /// Whether it is about the rows of a table, as a `BEGIN` is not.
    pub(crate) fn has_rows(&self) -> bool {
        ["SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"].contains(&self.query_type)
    }
}

/// A shape in the table of one pipeline.
#[derive(Debug)]
pub(crate) struct KnownShape {
    pub(crate) shape: Shape,
    /// How many rows the statement looked at whose plan was asked for last, and one; 0 where none was.
    asked_at: AtomicU32,
    /// The same for databases in memory, of which there is nothing to learn.
    asked_in_memory: AtomicBool,
}

impl KnownShape {
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            shape,
            asked_at: AtomicU32::new(0),
            asked_in_memory: AtomicBool::new(false),
        }
    }

    /// Whether the caller is to ask for the plan of a statement that looked at so many rows: nobody has, or its table has
    /// grown since. Relaxed: at worst it is asked for twice.
    pub(crate) fn asks_for_plan(&self, is_in_file: bool, looked_at: u32) -> bool {
        let asked_at = self.asked_at.load(Relaxed);
        if !is_in_file {
            return asked_at == 0 && !self.asked_in_memory.swap(true, Relaxed);
        }
        let has_grown = looked_at / GROWTH > asked_at.max(SMALL);
        if asked_at > 0 && !has_grown {
            return false;
        }
        self.asked_at.store(looked_at.saturating_add(1), Relaxed);
        true
    }

    pub(crate) fn ask_again(&self) {
        self.asked_at.store(0, Relaxed);
    }
}

/// How much more rows a statement has to look at for its plan to be asked for again, and from how many on.
const GROWTH: u32 = 4;
const SMALL: u32 = 250;

/// The tables of one pipeline.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) routes: RouteNames,
    pub(crate) shapes: Interner<KnownShape>,
    pub(crate) pools: Pools,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            routes: RouteNames::default(),
            shapes: Interner::new(MAX_SHAPES, MAX_SHAPE_BYTES, KnownShape::new(Shape::other())),
            pools: Pools::default(),
        }
    }
}
