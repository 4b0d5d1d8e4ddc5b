//! A call of `MonitoredConnection` in progress: the record that the hook makes inside it waits here for what the call
//! learns, and is posted once, at its end.
//!
//! The hook runs on the thread of the call, inside it, so a thread-local is all that is shared.

use std::cell::RefCell;

use crate::instrument::sqlite::error::Failure;
use crate::instrument::sqlite::hook;
use crate::model::clock::Ticks;
use crate::model::event::StatementDetail;
use crate::model::operation::OutcomeKind;

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// What the hook saw of one statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    pub(crate) shape: u16,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    pub(crate) rows: u32,
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
    sql: &'a str,
    start: Ticks,
    is_closed: bool,
}

impl<'a> Scope<'a> {
    pub(crate) fn open(connection: u64, mode: Mode, sql: &'a str) -> Self {
        let _ = OPEN.try_with(|open| {
            let mut open = open.borrow_mut();
            let outer = open.take().map(Box::new);
            *open = Some(Open {
                connection,
                mode,
                batch: (mode == Mode::Batch).then(|| sql.into()),
                has_begun: false,
                key: None,
                parked: None,
                runs: 0,
                outer,
            });
        });
        Self {
            sql,
            start: Ticks::now(),
            is_closed: false,
        }
    }

    /// Posts what the hook saw, with what the call learnt; or, where the statement never ran or the hook did not see it,
    /// what the call itself knows.
    pub(crate) fn close(mut self, failure: Option<Failure>, rows_changed: Option<u64>) {
        let outcome = match failure {
            Some(_) => OutcomeKind::Error,
            None => OutcomeKind::Ok,
        };
        self.finish(outcome, failure, rows_changed);
    }

    fn finish(
        &mut self,
        outcome: OutcomeKind,
        failure: Option<Failure>,
        rows_changed: Option<u64>,
    ) {
        self.is_closed = true;
        let Some(call) = close_innermost() else {
            return;
        };
        let detail = StatementDetail {
            error_class: failure.map(|failure| failure.class),
            error_code: failure.and_then(|failure| failure.code),
            rows_changed,
            batch_size: (call.mode == Mode::Batch).then_some(call.runs),
        };
        match call.parked {
            Some(finished) => hook::post(finished, outcome, detail),
            None if call.mode == Mode::Batch && failure.is_none() => {}
            None if failure.is_some() && call.key.is_none() => {
                hook::post_refused(self.sql, self.start, outcome, detail);
            }
            // Another hook on the connection has seen it, and told it.
            None if call.has_begun => {}
            None => hook::post_unseen(self.sql, self.start, outcome, detail),
        }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            self.finish(OutcomeKind::Panic, None, None);
        }
    }
}

fn close_innermost() -> Option<Open> {
    OPEN.try_with(|open| {
        let mut open = open.borrow_mut();
        let mut call = open.take()?;
        *open = call.outer.take().map(|outer| *outer);
        Some(call)
    })
    .ok()
    .flatten()
}

/// Tells the open call that a statement of this text begins on this connection.
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
    let parked = OPEN.try_with(|open| {
        let mut open = open.borrow_mut();
        let call = open.as_mut()?;
        if call.connection != connection || call.key != Some(key) {
            return None;
        }
        call.runs += 1;
        Some(match (call.mode, &mut call.parked) {
            (Mode::Batch, Some(batch)) => {
                batch.end = finished.end;
                batch.rows += finished.rows;
                None
            }
            (_, parked) => parked.replace(finished),
        })
    });
    match parked {
        Ok(Some(to_post)) => to_post,
        _ => Some(finished),
    }
}
