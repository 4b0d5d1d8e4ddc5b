//! The hook on a connection: one record for every top-level statement that ran on it, whoever ran it.
//!
//! SQLite tells when a statement begins (STMT), returns a row (ROW) and ends (PROFILE). The time is our own clock's:
//! SQLite's has a resolution of 1 ms and follows the wall clock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::instrument::sqlite::scope::{self, Finished};
use crate::instrument::sqlite::sql;
use crate::model::callsite::Callsite;
use crate::model::clock::Ticks;
use crate::model::event::{Event, Statement, StatementDetail};
use crate::model::names::Shape;
use crate::model::operation::OutcomeKind;
use crate::record::current::{self, Current};
use crate::record::recorder::Recorder;

/// The bounds of a connection's cache of shapes. An application that writes values into its SQL fills it again and again.
const MAX_CACHED_SHAPES: usize = 256;
const MAX_CACHED_BYTES: usize = 64 * 1024;

/// Records every statement that runs on this connection from now on, whoever runs it.
///
/// Code that takes a `&rusqlite::Connection` changes in nothing. SQLite has one such hook on a connection: a later
/// `Connection::trace_v2` of the application takes its place.
///
/// # Errors
///
/// What [`Connection::trace_v2`] returns, such as out of memory.
pub fn instrument(connection: &mut Connection) -> rusqlite::Result<()> {
    install(connection).map(drop)
}

/// Installs the hook, and returns the number of the connection.
pub(crate) fn install(connection: &mut Connection) -> rusqlite::Result<u64> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Relaxed: only its difference from all others counts.
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut probe = Probe {
        connection: number,
        running: Vec::new(),
        shapes: ShapeCache::default(),
    };
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT
            | TraceEventCodes::SQLITE_TRACE_ROW
            | TraceEventCodes::SQLITE_TRACE_PROFILE,
        Some(move |event: TraceEvent<'_>| probe.observe(&event)),
    )?;
    Ok(number)
}

struct Probe {
    connection: u64,
    /// The statements that have begun and not ended, the latest last.
    running: Vec<Running>,
    shapes: ShapeCache,
}

struct Running {
    /// The address of SQLite's own copy of the text: the identity of the statement while it runs.
    key: usize,
    start: Ticks,
    rows: u32,
    /// Whether SQLite ran statements of its own inside, whose rows are told too.
    has_inner: bool,
}

impl Probe {
    fn observe(&mut self, event: &TraceEvent<'_>) {
        match event {
            TraceEvent::Stmt(statement, text) => {
                if !current::is_active() {
                    return;
                }
                let sql = statement.sql();
                // Triggers and virtual tables tell a comment here, and not the text of the statement.
                if text.as_ptr() == sql.as_ptr() || *text == sql {
                    self.begin(&sql);
                } else if let Some(outer) = self.running.last_mut() {
                    outer.has_inner = true;
                }
            }
            TraceEvent::Row(statement) => match &mut *self.running {
                [] => {}
                // The text is asked for only where there may be more than one statement whose row it is: at the first
                // row, because a CREATE reads the schema with statements of which nothing else is told.
                [only] if !only.has_inner && only.rows > 0 => {
                    only.rows = only.rows.saturating_add(1);
                }
                running => {
                    let key = statement.sql().as_ptr().addr();
                    match running.iter_mut().rfind(|running| running.key == key) {
                        Some(of) => of.rows = of.rows.saturating_add(1),
                        None => {
                            if let Some(outer) = running.last_mut() {
                                outer.has_inner = true;
                            }
                        }
                    }
                }
            },
            TraceEvent::Profile(statement, _) if !self.running.is_empty() => {
                self.end(&statement.sql());
            }
            _ => {}
        }
    }

    fn begin(&mut self, sql: &str) {
        let key = sql.as_ptr().addr();
        scope::statement_began(self.connection, key, sql);
        self.running.retain(|running| running.key != key);
        self.running.push(Running {
            key,
            start: Ticks::now(),
            rows: 0,
            has_inner: false,
        });
    }

    fn end(&mut self, sql: &str) {
        let end = Ticks::now();
        let key = sql.as_ptr().addr();
        let Some(at) = self.running.iter().rposition(|running| running.key == key) else {
            return;
        };
        let Running { start, rows, .. } = self.running.remove(at);
        current::with_current(|current| {
            let finished = Finished {
                shape: self.shapes.number(current, sql),
                start,
                end,
                rows,
            };
            if let Some(finished) = scope::park(self.connection, key, finished) {
                post_in(
                    current,
                    finished,
                    OutcomeKind::Ok,
                    StatementDetail::default(),
                );
            }
        });
    }
}

/// Posts one statement.
pub(crate) fn post(finished: Finished, outcome: OutcomeKind, detail: StatementDetail) {
    current::with_current(|current| post_in(current, finished, outcome, detail));
}

/// Posts a statement that the hook did not see: it is of a kind that SQLite does not tell.
pub(crate) fn post_unseen(text: &str, start: Ticks, outcome: OutcomeKind, detail: StatementDetail) {
    post_shape(sql::shape(text), start, outcome, detail);
}

/// Posts a statement that SQLite refused. Of its text only the verb is told: it may be anything, such as a value whose
/// quote ended too early.
pub(crate) fn post_refused(
    text: &str,
    start: Ticks,
    outcome: OutcomeKind,
    detail: StatementDetail,
) {
    let verb = sql::shape(text).query_type;
    post_shape(Shape::new(verb, None), start, outcome, detail);
}

fn post_shape(shape: Shape, start: Ticks, outcome: OutcomeKind, detail: StatementDetail) {
    current::with_current(|current| {
        let finished = Finished {
            shape: intern(current.recorder, named(shape, current.query)),
            start,
            end: Ticks::now(),
            rows: 0,
        };
        post_in(current, finished, outcome, detail);
    });
}

fn post_in(
    current: &Current<'_>,
    finished: Finished,
    outcome: OutcomeKind,
    detail: StatementDetail,
) {
    let Finished {
        shape,
        start,
        end,
        rows,
    } = finished;
    if let Some(request) = current.request {
        request.count_statement(start.count_until(end));
    }
    current.count_if_unattributed();
    current::add_statements(1);
    current.post(Event::Statement(Statement {
        shape,
        start,
        end,
        rows,
        query: current.query,
        request: current.request_id(),
        detail: (detail != StatementDetail::default()).then(|| Box::new(detail)),
        outcome,
    }));
}

/// The numbers of the texts that this connection has run. They are those of one pipeline.
#[derive(Default)]
struct ShapeCache {
    pipeline: u64,
    numbers: HashMap<Box<str>, Known>,
    bytes: usize,
}

/// What is known of a text.
#[derive(Clone, Copy)]
struct Known {
    number: u16,
    /// Where the text does not tell the table: the annotation that did so last, and the number of its shape.
    named: Option<Option<(&'static Callsite, u16)>>,
}

impl ShapeCache {
    fn number(&mut self, current: &Current<'_>, sql: &str) -> u16 {
        let recorder = current.recorder;
        if self.pipeline != recorder.id {
            *self = Self {
                pipeline: recorder.id,
                ..Self::default()
            };
        }
        if let Some(known) = self.numbers.get_mut(sql) {
            return known.number_in(current, sql);
        }
        let shape = sql::shape(sql);
        let is_unknown = *shape.table == *Shape::UNKNOWN_TABLE && has_rows(shape.query_type);
        let mut known = Known {
            number: intern(recorder, shape),
            named: is_unknown.then_some(None),
        };
        let number = known.number_in(current, sql);
        if sql.len() > MAX_CACHED_BYTES {
            return number;
        }
        if self.numbers.len() >= MAX_CACHED_SHAPES || self.bytes + sql.len() > MAX_CACHED_BYTES {
            self.numbers.clear();
            self.bytes = 0;
        }
        self.bytes += sql.len();
        self.numbers.insert(sql.into(), known);
        number
    }
}

impl Known {
    /// The number of the shape, for the annotated query that runs it.
    #[inline]
    fn number_in(&mut self, current: &Current<'_>, sql: &str) -> u16 {
        let Some(named) = &mut self.named else {
            return self.number;
        };
        let Some(query) = current.query.filter(|query| query.table_name().is_some()) else {
            return self.number;
        };
        match named {
            Some((by, number)) if std::ptr::eq(*by, query) => *number,
            _ => {
                let shape = self::named(sql::shape(sql), Some(query));
                let number = intern(current.recorder, shape);
                *named = Some((query, number));
                number
            }
        }
    }
}

/// Where the text does not tell the table, the annotation may.
fn named(shape: Shape, query: Option<&Callsite>) -> Shape {
    match query.and_then(Callsite::table_name) {
        Some(table) if *shape.table == *Shape::UNKNOWN_TABLE && has_rows(shape.query_type) => {
            Shape::new(shape.query_type, Some(table))
        }
        _ => shape,
    }
}

/// Whether a statement of this verb is about the rows of a table, as a `BEGIN` is not.
fn has_rows(query_type: &str) -> bool {
    ["SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"].contains(&query_type)
}

/// SQLite's names are the same in any case, so their series is too; it shows the spelling that was seen first.
fn intern(recorder: &Recorder, shape: Shape) -> u16 {
    let name = shape.name.to_ascii_lowercase();
    let number = recorder.names.shapes.intern(&name, || shape);
    // The table is far smaller; what did not fit would be counted with what overflows it.
    u16::try_from(number).unwrap_or_default()
}
