//! The names that are learnt while the program runs: routes and statement shapes, each table bounded.

use crate::model::interner::Interner;

/// How many pairs of method and route have a series of their own.
const MAX_ROUTES: usize = 500;

/// How many statement shapes have a series of their own.
const MAX_SHAPES: usize = 1_000;

/// A method and a route pattern.
#[derive(Debug)]
pub(crate) struct RouteName {
    pub(crate) method: &'static str,
    pub(crate) route: Box<str>,
    /// `METHOD route`.
    pub(crate) name: Box<str>,
}

impl RouteName {
    pub(crate) fn new(method: &'static str, route: &str) -> Self {
        Self {
            method,
            route: route.into(),
            name: format!("{method} {route}").into(),
        }
    }
}

/// What statements of one kind have in common.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The verb, such as `SELECT`; `UNKNOWN` where SQLite has no such statement.
    pub(crate) query_type: &'static str,
    /// The one table it is about; `unknown` where there is none, or more than one.
    pub(crate) table: Box<str>,
    /// `SELECT notes`, or the verb alone where the table is unknown.
    pub(crate) name: Box<str>,
}

impl Shape {
    pub(crate) const UNKNOWN_TABLE: &str = "unknown";

    pub(crate) fn new(query_type: &'static str, table: Option<&str>) -> Self {
        let name = match table {
            Some(table) => format!("{query_type} {table}"),
            None => query_type.to_owned(),
        };
        Self {
            query_type,
            table: table.unwrap_or(Self::UNKNOWN_TABLE).into(),
            name: name.into(),
        }
    }
}

/// The tables of one pipeline.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) routes: Interner<RouteName>,
    pub(crate) shapes: Interner<Shape>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            routes: Interner::new(MAX_ROUTES, RouteName::new("_OTHER", "OVERFLOW")),
            shapes: Interner::new(MAX_SHAPES, Shape::new("OTHER", None)),
        }
    }
}
