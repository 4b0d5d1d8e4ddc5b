//! SQLite's error log: it tells of errors that nobody else lets the hook know of, on the thread on which they happen.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rusqlite::ffi;

use crate::instrument::sqlite::text::fingerprint::hash;

/// Whether SQLite has ever called: until then nobody needs to ask.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static LATEST: Cell<Option<Logged>> = const { Cell::new(None) };
}

/// An error of a statement that was running: its code, and of its text how much was logged, and a hash of that.
#[derive(Clone, Copy)]
struct Logged {
    code: c_int,
    length: usize,
    hash: u64,
}

/// A callback for SQLite's error log (errlog.html): with it a statement that fails in code of rusqlite's own, such as in a
/// `Transaction`, has its error's class and code.
///
/// Installing it is `unsafe`, so it is for the application to do, before it uses SQLite for the first time; see the
/// [module](crate::sqlite). Of what it is told only the code is kept: the message has SQL in it. SQLite logs neither that a
/// lock was busy, which is known otherwise, nor what failed outside of it, such as a row mapper.
pub fn error_log(code: c_int, message: &str) {
    IS_INSTALLED.store(true, Relaxed);
    // `statement aborts at 7: UNIQUE constraint failed: notes.slug; [INSERT ..`, cut where it is long. What could not be
    // prepared has another form, and did not run.
    let Some((_, text)) = message
        .strip_prefix("statement aborts at ")
        .and_then(|rest| rest.split_once("; ["))
    else {
        return;
    };
    let text = text.strip_suffix(']').unwrap_or(text);
    // The low byte is the primary code. After a schema change SQLite tries again.
    if code & 0xff == ffi::SQLITE_SCHEMA {
        return;
    }
    let logged = Logged {
        code,
        length: text.len(),
        hash: hash(text.bytes()),
    };
    // Fails while the thread ends, when no statement of it is recorded any more.
    let _ = LATEST.try_with(|latest| latest.set(Some(logged)));
}

/// A statement begins: what was logged before is of another.
#[inline]
pub(crate) fn forget() {
    if IS_INSTALLED.load(Relaxed) {
        let _ = LATEST.try_with(|latest| latest.set(None));
    }
}

/// Whether any error was logged on this thread since it was forgotten.
#[inline]
pub(crate) fn has_any() -> bool {
    IS_INSTALLED.load(Relaxed)
        && LATEST
            .try_with(Cell::get)
            .is_ok_and(|latest| latest.is_some())
}

/// Takes the code that was logged last on this thread, if it is of this statement.
pub(crate) fn take(text: &str) -> Option<c_int> {
    if !IS_INSTALLED.load(Relaxed) {
        return None;
    }
    let latest = LATEST.try_with(Cell::take).ok().flatten();
    let logged = latest.filter(|logged| {
        let start = text.as_bytes().get(..logged.length);
        start.is_some_and(|start| hash(start.iter().copied()) == logged.hash)
    });
    logged.map(|logged| logged.code)
}
