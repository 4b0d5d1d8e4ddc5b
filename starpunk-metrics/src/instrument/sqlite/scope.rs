//! A call of `MonitoredConnection` in progress: the record that the hook makes inside it waits here for what the call
//! learns, and is posted once, at its end.
//!
//! The hook runs on the thread of the call, inside it, so a thread-local is all that is shared.

use std::cell::{Cell, RefCell};

use crate::instrument::sqlite::error::Failure;
use crate::instrument::sqlite::finished::{self, Finished};
use crate::instrument::sqlite::hook::Link;
use crate::model::clock::{TickSpan, Ticks};
use crate::model::operation::OutcomeKind;
use crate::model::statement::{Flags, StatementDetail};
use crate::record::current;

thread_local! {
    /// How many calls are open; apart, because that is asked for each statement.
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// What a call does with the statements inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It runs one statement.
    One,
    /// It runs one statement many times, which is one operation.
    Batch,
}

#[derive(Debug)]
struct Open {
    connection: u64,
    mode: Mode,
    /// Of a batch, the text: what feeds it may begin statements of its own before.
    batch: Option<Box<str>>,
    /// Whether any statement began: then the hook has seen it, if not as one of this connection.
    has_begun: bool,
    /// The statement of this call; others on the same connection, run by a row mapper, are not of it.
    key: Option<usize>,
    parked: Option<Finished>,
    runs: u64,
    outer: Option<Box<Open>>,
}

/// An open call; dropped before it is closed, the call panicked.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    link: &'a Link,
    sql: &'a str,
    start: Ticks,
    is_closed: bool,
}

/// What a call learnt.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Learnt {
    pub(crate) failure: Option<Failure>,
    pub(crate) rows_changed: Option<u64>,
    /// How long it took to prepare.
    pub(crate) prepare: Option<TickSpan>,
    /// How long the application's own code ran in it.
    pub(crate) caller: TickSpan,
}

impl<'a> Scope<'a> {
    /// Opens a call; `None` where nobody records it, and its text need not be read.
    pub(crate) fn open(link: &'a Link, mode: Mode, sql: &'a str) -> Option<Self> {
        if !current::has_pipeline() {
            return None;
        }
        let _ = OPEN.try_with(|open| {
            let mut open = open.borrow_mut();
            let outer = open.take().map(Box::new);
            *open = Some(Open {
                connection: link.number,
                mode,
                batch: (mode == Mode::Batch).then(|| sql.into()),
                has_begun: false,
                key: None,
                parked: None,
                runs: 0,
                outer,
            });
            COUNT.with(|count| count.set(count.get() + 1));
        });
        Some(Self {
            link,
            sql,
            start: Ticks::now(),
            is_closed: false,
        })
    }

    /// Posts what the hook saw, with what the call learnt; or, where the statement never ran or the hook did not see it,
    /// what the call itself knows.
    pub(crate) fn close(mut self, learnt: Learnt) {
        let outcome = match learnt.failure {
            Some(_) => OutcomeKind::Error,
            None => OutcomeKind::Ok,
        };
        self.finish(outcome, learnt);
    }

    fn finish(&mut self, outcome: OutcomeKind, learnt: Learnt) {
        self.is_closed = true;
        let Some(call) = close_innermost() else {
            return;
        };
        if let Some(mut seen) = call.parked {
            if seen.statement.flags.has(Flags::APPROXIMATE) {
                seen.statement.start = self.start;
                seen.statement.taken = self.start.span_until(Ticks::now());
            }
            let batch_size = (call.mode == Mode::Batch).then_some(call.runs);
            learnt.add_to(&mut seen, outcome, batch_size);
            return seen.post();
        }
        let is_refused = learnt.failure.is_some() && call.key.is_none();
        // Nothing was to be done; or another hook on the connection has seen it, and told it.
        let is_told = call.has_begun || call.mode == Mode::Batch && learnt.failure.is_none();
        if is_refused {
            finished::post_refused(self.sql, self.start, outcome, learnt.detail());
        } else if !is_told {
            let quotes = self.link.quotes;
            finished::post_unseen(self.sql, quotes, self.start, outcome, learnt.detail());
        }
    }
}

impl Learnt {
    /// Runs the application's own code, and takes its time.
    pub(crate) fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Ticks::now();
        let output = work();
        self.caller = start.span_until(Ticks::now());
        output
    }

    fn add_to(self, seen: &mut Finished, outcome: OutcomeKind, batch_size: Option<u64>) {
        // What the hook knows of a failure is not undone by who does not see it; the caller knows better what it was.
        if outcome != OutcomeKind::Ok {
            seen.statement.outcome = outcome;
        }
        if let Some(failure) = self.failure {
            seen.statement.fail(failure.class, failure.code);
        }
        let is_plain = self.rows_changed.is_none()
            && self.prepare.is_none()
            && self.caller.is_zero()
            && batch_size.is_none();
        if is_plain {
            return;
        }
        let detail = seen.statement.detail_mut();
        detail.rows_changed = self.rows_changed;
        detail.prepare = self.prepare;
        // What the hook saw of statements inside is a part of it.
        detail.caller = if self.caller.is_zero() {
            detail.caller
        } else {
            self.caller
        };
        detail.batch_size = batch_size;
    }

    fn detail(self) -> Option<Box<StatementDetail>> {
        let detail = StatementDetail {
            error_class: self.failure.map(|failure| failure.class),
            error_code: self.failure.and_then(|failure| failure.code),
            rows_changed: self.rows_changed,
            prepare: self.prepare,
            ..StatementDetail::default()
        };
        Some(Box::new(detail))
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            self.finish(OutcomeKind::Panic, Learnt::default());
        }
    }
}

fn close_innermost() -> Option<Open> {
    OPEN.try_with(|open| {
        let mut open = open.borrow_mut();
        let mut call = open.take()?;
        *open = call.outer.take().map(|outer| *outer);
        COUNT.with(|count| count.set(count.get() - 1));
        Some(call)
    })
    .ok()
    .flatten()
}

/// Whether this thread is in a call.
#[inline]
pub(crate) fn is_open() -> bool {
    COUNT.with(Cell::get) > 0
}

/// Tells the open call that a statement of this text begins on this connection.
#[inline(never)]
pub(crate) fn statement_began(connection: u64, key: usize, sql: &str) {
    let _ = OPEN.try_with(|open| {
        if let Some(call) = &mut *open.borrow_mut() {
            call.has_begun = true;
            let is_its_own = match &call.batch {
                // SQLite keeps a statement's text without what follows it.
                Some(batch) => batch.starts_with(sql),
                None => true,
            };
            if call.connection == connection && call.key.is_none() && is_its_own {
                call.key = Some(key);
            }
        }
    });
}

/// Leaves a finished statement to the open call, if it is of it; else hands back what is to be posted now.
pub(crate) fn park(connection: u64, key: usize, finished: Finished) -> Option<Finished> {
    let mut finished = Some(finished);
    let earlier = OPEN.try_with(|open| {
        let mut open = open.borrow_mut();
        let call = open.as_mut()?;
        if call.connection != connection || call.key != Some(key) {
            return None;
        }
        let finished = finished.take()?;
        call.runs += u64::from(!finished.is_refused);
        match call.parked.take() {
            Some(mut batch) if call.mode == Mode::Batch && !batch.is_refused => {
                batch.statement.absorb(finished.statement);
                call.parked = Some(batch);
                None
            }
            earlier => {
                call.parked = Some(finished);
                // One that was refused has been tried again, and this is how that ended.
                earlier.filter(|earlier| !earlier.is_refused)
            }
        }
    });
    finished.or_else(|| earlier.ok().flatten())
}
