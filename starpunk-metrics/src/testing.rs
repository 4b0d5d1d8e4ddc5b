//! Assertions for tests of an application that is measured: how many queries, no scan, no query in a loop.
//!
//! Each captures what runs on its thread, in the requests that are served on it, and in what those send elsewhere through
//! `block`. So tests may run side by side.

use std::cell::RefCell;
use std::fmt::Write as _;

use crate::config::Config;
use crate::metrics::{Entered, Metrics};
use crate::model::snapshot::Snapshot;
use crate::model::statement_stats::StatementStats;

/// From how many times on the same SELECT counts as one in a loop.
const MANY_TIMES: u64 = 5;

/// Captures the statements that run while it lives.
///
/// The macros [`assert_queries!`](crate::assert_queries), [`assert_no_full_scans!`](crate::assert_no_full_scans) and
/// [`assert_no_n_plus_one!`](crate::assert_no_n_plus_one) are made of it. It is a pipeline of its own: what it captures is
/// told by no other.
#[derive(Debug)]
pub struct Capture {
    // Before the pipeline, which ends when it is dropped.
    _entered: Entered,
    metrics: Metrics,
}

thread_local! {
    /// The captures of this thread, the innermost last: what the ones inside of each have captured.
    static INSIDE: RefCell<Vec<Vec<StatementStats>>> = const { RefCell::new(Vec::new()) };
}

impl Capture {
    /// Captures from now on.
    ///
    /// # Panics
    ///
    /// Where the system gives no thread.
    #[expect(clippy::new_without_default, reason = "it begins something")]
    pub fn new() -> Self {
        let metrics = Metrics::scoped(Config::default().test_mode(true))
            .expect("the defaults are valid, and a test has a thread to spare");
        INSIDE.with_borrow_mut(|inside| inside.push(Vec::new()));
        Self {
            _entered: metrics.enter(),
            metrics,
        }
    }

    /// Ends, and returns what was captured; the statements of captures inside are among its own.
    pub fn finish(self) -> Snapshot {
        let mut snapshot = self.metrics.snapshot();
        INSIDE.with_borrow_mut(|inside| {
            add(
                &mut snapshot.statements,
                inside.last_mut().map(std::mem::take),
            );
            // The one around it takes them when this one is dropped.
            if let Some(own) = inside.last_mut() {
                own.clone_from(&snapshot.statements);
            }
        });
        snapshot
    }

    /// Ends, and panics unless there were exactly so many queries; the message lists them.
    #[track_caller]
    pub fn assert_queries(self, expected: u64) {
        let queries = queries(self.finish());
        let count: u64 = queries.iter().map(|query| query.tally.count()).sum();
        assert!(
            count == expected,
            "expected {expected} queries, and there were {count}:{}",
            list(&queries, |query| count_of(query.tally.count()))
        );
    }

    /// Ends, and panics if a query looked at more rows of a table without an index than it returned or changed.
    #[track_caller]
    pub fn assert_no_full_scans(self) {
        let mut queries = some_queries(self.finish());
        queries.retain(|query| {
            let facts = &query.facts;
            // How many a write changed is not always known; then it cannot be judged.
            let wanted = match (query.query_type, facts.rows_changed) {
                ("SELECT", _) => facts.rows,
                (_, Some(changed)) => facts.rows.max(changed),
                (_, None) => facts.scan_steps,
            };
            facts.scan_steps > wanted || facts.auto_index_rows > 0
        });
        assert!(
            queries.is_empty(),
            "queries read tables whole to find a part of them; an index may be missing:{}",
            list(&queries, |query| {
                let facts = &query.facts;
                let looked_at = facts.scan_steps + facts.auto_index_rows;
                format!("looked at {looked_at} rows for {}", facts.rows)
            })
        );
    }

    /// Ends, and panics if the same SELECT ran five times or more.
    #[track_caller]
    pub fn assert_no_n_plus_one(self) {
        let mut queries = some_queries(self.finish());
        queries.retain(|query| query.query_type == "SELECT" && query.tally.count() >= MANY_TIMES);
        assert!(
            queries.is_empty(),
            "the same SELECT ran again and again; ask once for all rows:{}",
            list(&queries, |query| count_of(query.tally.count()))
        );
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(|inside| {
            let own = inside.pop();
            if let Some(outer) = inside.last_mut() {
                add(outer, own);
            }
        });
    }
}

/// Adds up the statements of two captures by their shape.
fn add(all: &mut Vec<StatementStats>, more: Option<Vec<StatementStats>>) {
    for statement in more.into_iter().flatten() {
        let mut known = all.iter_mut();
        match known.find(|known| known.fingerprint == statement.fingerprint) {
            Some(known) => known.add(&statement),
            None => all.push(statement),
        }
    }
}

/// The same; an assertion about none of them would hold whatever the application does.
#[track_caller]
fn some_queries(snapshot: Snapshot) -> Vec<StatementStats> {
    let queries = queries(snapshot);
    assert!(
        !queries.is_empty(),
        "no query was seen: is the connection instrumented, and does the work run on this thread or through \
         `starpunk_metrics::block`? For none, there is `assert_queries!`"
    );
    queries
}

/// The statements that read or change rows, as BEGIN, COMMIT and PRAGMA do not.
fn queries(snapshot: Snapshot) -> Vec<StatementStats> {
    let verbs = ["SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"];
    let all = snapshot.statements.into_iter();
    all.filter(|statement| verbs.contains(&statement.query_type))
        .collect()
}

fn list(queries: &[StatementStats], tell: impl Fn(&StatementStats) -> String) -> String {
    let mut text = String::new();
    for query in queries {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {}: {}", tell(query), query.fingerprint);
        for (function, _) in &query.functions {
            let _ = write!(text, "\n      in {function}");
        }
    }
    text
}

fn count_of(count: u64) -> String {
    format!("{count} times")
}

/// Runs a block, returns what it returns, and panics unless it ran exactly so many queries on SQLite.
///
/// Queries are `SELECT`, `INSERT`, `REPLACE`, `UPDATE` and `DELETE` on instrumented connections: on this thread, in
/// requests that an App with `HttpMetrics` answers on it, and in what goes elsewhere through `block`. A batch of
/// `execute_many` is one. Safe in tests that run side by side, and inside each other.
///
/// Not seen are connections without the hook, and what runs on other threads, as `web::block` and `tokio::spawn` have it.
/// A block that is left by `return` or `?` asserts nothing.
///
/// ```
/// use starpunk_metrics::assert_queries;
/// use starpunk_metrics::sqlite::MonitoredConnection;
///
/// let connection = MonitoredConnection::open_in_memory()?;
/// let count: i64 = assert_queries!(1, {
///     connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?
/// });
/// assert_eq!(count, 0);
/// # Ok::<(), rusqlite::Error>(())
/// ```
#[macro_export]
macro_rules! assert_queries {
    ($expected:expr, $block:block $(,)?) => {{
        let capture = $crate::testing::Capture::new();
        let output = $block;
        capture.assert_queries($expected);
        output
    }};
}

/// Runs a block, returns what it returns, and panics if a query in it looked at more rows of a table without an index than
/// it returned or changed, or had SQLite make an index for it alone.
///
/// What reads a whole table and returns it is no mistake, and a write is judged only where it is known how many rows it
/// changed. SQLite counts the steps from row to row: let the test have ten rows, and ask for the last of them, or for one
/// that is not there. Panics also where no query was seen. As for the rest, see
/// [`assert_queries!`](crate::assert_queries).
///
/// ```should_panic
/// use starpunk_metrics::assert_no_full_scans;
/// use starpunk_metrics::sqlite::MonitoredConnection;
///
/// let connection = MonitoredConnection::open_in_memory().unwrap();
/// connection.execute_batch("CREATE TABLE notes (slug); INSERT INTO notes VALUES ('a'), ('b'), ('c')").unwrap();
/// assert_no_full_scans!({
///     connection.query_row("SELECT count(slug) FROM notes WHERE slug = ?1", ["b"], |_| Ok(())).unwrap();
/// });
/// ```
#[macro_export]
macro_rules! assert_no_full_scans {
    ($block:block $(,)?) => {{
        let capture = $crate::testing::Capture::new();
        let output = $block;
        capture.assert_no_full_scans();
        output
    }};
}

/// Runs a block, returns what it returns, and panics if the same SELECT ran five times or more in it.
///
/// Let the test have at least five rows to go through. Panics also where no query was seen. As for the rest, see [`assert_queries!`](crate::assert_queries).
///
/// ```
/// use starpunk_metrics::assert_no_n_plus_one;
/// use starpunk_metrics::sqlite::MonitoredConnection;
///
/// let connection = MonitoredConnection::open_in_memory()?;
/// assert_no_n_plus_one!({
///     connection.query_row("SELECT 1", [], |_| Ok(()))?;
/// });
/// # Ok::<(), rusqlite::Error>(())
/// ```
#[macro_export]
macro_rules! assert_no_n_plus_one {
    ($block:block $(,)?) => {{
        let capture = $crate::testing::Capture::new();
        let output = $block;
        capture.assert_no_n_plus_one();
        output
    }};
}
