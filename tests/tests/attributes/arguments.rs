//! Names, thresholds, tables, and where the library is.

use starpunk_metrics::{OperationType, monitored_query, sqlite, track_business};
use starpunk_metrics_tests::{config, names, only, pipeline};

#[track_business("in quotes")]
fn quoted() {}

#[track_business(name = "by key")]
fn keyed() {}

#[track_business(skip)]
fn skipped() -> u8 {
    7
}

struct Shelf<T>(T);

impl<T> Shelf<T> {
    #[track_business]
    fn count<const N: usize>(&self, _: [u8; N]) -> usize {
        N
    }
}

mod reexported {
    pub(super) mod metrics {
        pub(crate) use starpunk_metrics::*;
    }
}

/// As a crate would see it that has the library under another name.
mod renamed {
    use super::reexported::metrics::track_business;

    #[track_business("renamed", crate = super::reexported::metrics, fields(one = 1))]
    pub(super) fn renamed() -> Result<(), std::fmt::Error> {
        Ok(())
    }

    #[track_business(crate = super::super::reexported::metrics)]
    pub(super) mod block {
        pub(in super::super) fn inside() {}
    }
}

macro_rules! from_a_macro {
    ($name:ident, $value:expr) => {
        #[track_business("from a macro", fields(value = $value), ok_fields(length = ret.len()))]
        fn $name(text: &str) -> Result<String, std::fmt::Error> {
            Ok(text.to_owned())
        }
    };
}

from_a_macro!(made, 3);

#[monitored_query(table = "notes")]
fn complex(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection.execute_batch("SAVEPOINT here; RELEASE here")?;
    connection.query_row(COMPLEX, [], |row| row.get(0))
}

#[monitored_query(table = "tags")]
fn complex_too(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection.query_row(COMPLEX, [], |row| row.get(0))
}

#[monitored_query("elsewhere", table = "notes")]
fn elsewhere() {}

const COMPLEX: &str = "SELECT (SELECT 1) + (SELECT 2)";

#[test]
fn a_name_is_what_was_given_or_the_path_without_generics() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    quoted();
    keyed();
    assert_eq!(skipped(), 7);
    assert_eq!(Shelf(1).count([0; 3]), 3);
    assert_eq!(
        names(&metrics),
        ["in quotes", "by key", "attributes::arguments::Shelf::count"]
    );
}

#[test]
fn the_library_is_found_under_another_name() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert!(renamed::renamed().is_ok());
    renamed::block::inside();
    assert_eq!(
        names(&metrics),
        ["renamed", "attributes::arguments::renamed::block::inside"]
    );
}

#[test]
fn a_function_that_a_macro_made_reads_what_it_returns() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert!(made("four").is_ok());
    let metric = only(&metrics);
    assert_eq!(metric.fields["value"], 3);
    assert_eq!(metric.fields["length"], 4);
}

#[test]
fn a_table_names_the_statements_whose_text_does_not() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    sqlite::instrument(&mut connection).unwrap();
    for _ in 0..2 {
        complex(&connection).unwrap();
        complex_too(&connection).unwrap();
        connection.query_row(COMPLEX, [], |_| Ok(())).unwrap();
    }
    let snapshot = metrics.snapshot();
    let count = |name| snapshot.count(OperationType::Database, name);
    assert_eq!((count("SELECT notes"), count("SELECT tags")), (2, 2));
    assert_eq!(count("SELECT"), 2);
    assert_eq!((count("SAVEPOINT"), count("RELEASE")), (2, 2));
    let query = &snapshot.queries[0];
    assert_eq!((query.table, query.statements), (Some("notes"), 6));
}

#[test]
fn a_table_is_in_the_record_of_a_query_that_is_its_own_operation() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    elsewhere();
    assert_eq!(only(&metrics).fields["table"], "notes");
}
