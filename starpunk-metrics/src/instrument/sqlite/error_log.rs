//! SQLite's error log: it tells of errors that nobody else lets the hook know of, on the thread on which they happen.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rusqlite::ffi;

/// Whether SQLite has ever called: until then nobody needs to ask.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static LATEST: Cell<c_int> = const { Cell::new(ffi::SQLITE_OK) };
}

/// A callback for SQLite's error log (errlog.html): with it a statement that fails in code of rusqlite's own, such as in a
/// `Transaction`, has its error's class and code.
///
/// Installing it is `unsafe`, so it is for the application to do, before it uses SQLite for the first time; see the
/// [module](crate::sqlite). Of what it is told only the code is kept: the message has SQL in it. SQLite logs neither that a
/// lock was busy, which is known otherwise, nor what failed outside of it, such as a row mapper.
pub fn error_log(code: c_int, _message: &str) {
    IS_INSTALLED.store(true, Relaxed);
    // The low byte is the primary code. What is only worth knowing is no error, and after a schema change SQLite tries again.
    if ![
        ffi::SQLITE_OK,
        ffi::SQLITE_NOTICE,
        ffi::SQLITE_WARNING,
        ffi::SQLITE_SCHEMA,
    ]
    .contains(&(code & 0xff))
    {
        // Fails while the thread ends, when no statement of it is recorded any more.
        let _ = LATEST.try_with(|latest| latest.set(code));
    }
}

/// Takes the code that was logged last on this thread.
#[inline]
pub(crate) fn take() -> Option<c_int> {
    if !IS_INSTALLED.load(Relaxed) {
        return None;
    }
    let latest = LATEST.try_with(|latest| latest.replace(ffi::SQLITE_OK));
    latest.ok().filter(|code| *code != ffi::SQLITE_OK)
}
