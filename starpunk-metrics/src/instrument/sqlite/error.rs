//! The class of a SQLite error: a fixed word, and never its message, which holds SQL and values.

use rusqlite::{Error, ffi};

use crate::instrument::outcome::Classify;

/// What is recorded of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) class: &'static str,
    /// SQLite's extended result code (rescode.html), where SQLite refused.
    pub(crate) code: Option<i32>,
}

/// `busy`, `constraint_unique` and so on by SQLite's result code; `parameter` and `row` for what could not be converted.
/// That no row was found is no error.
impl Classify for Error {
    fn error_class(&self) -> Option<&'static str> {
        Failure::of(self).map(|failure| failure.class)
    }
}

impl Failure {
    /// `None` where nothing failed: that no row was found is an answer.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        let (class, code) = match error {
            Error::QueryReturnedNoRows => return None,
            Error::SqliteFailure(failure, _) => {
                (class_of(failure.extended_code), Some(failure.extended_code))
            }
            Error::SqlInputError { error, .. } => {
                (class_of(error.extended_code), Some(error.extended_code))
            }
            Error::InvalidParameterCount(..)
            | Error::InvalidParameterName(_)
            | Error::ToSqlConversionFailure(_) => ("parameter", None),
            Error::MultipleStatement | Error::NulError(_) => ("sql", None),
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::InvalidColumnIndex(_)
            | Error::InvalidColumnName(_)
            | Error::Utf8Error(..) => ("row", None),
            Error::QueryReturnedMoreThanOneRow => ("more_than_one_row", None),
            Error::ExecuteReturnedResults => ("returned_rows", None),
            _ => ("error", None),
        };
        Some(Self { class, code })
    }
}

pub(crate) fn class_of(extended: i32) -> &'static str {
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE => "constraint_unique",
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => "constraint_primarykey",
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "constraint_foreignkey",
        ffi::SQLITE_CONSTRAINT_NOTNULL => "constraint_notnull",
        ffi::SQLITE_CONSTRAINT_CHECK => "constraint_check",
        ffi::SQLITE_BUSY_SNAPSHOT => "busy_snapshot",
        // The low byte is the primary code.
        other => match other & 0xff {
            ffi::SQLITE_ERROR => "sql",
            ffi::SQLITE_BUSY => "busy",
            ffi::SQLITE_LOCKED => "locked",
            ffi::SQLITE_READONLY => "readonly",
            ffi::SQLITE_INTERRUPT => "interrupt",
            ffi::SQLITE_IOERR => "ioerr",
            ffi::SQLITE_CORRUPT => "corrupt",
            ffi::SQLITE_FULL => "full",
            ffi::SQLITE_CANTOPEN => "cantopen",
            ffi::SQLITE_TOOBIG => "toobig",
            ffi::SQLITE_CONSTRAINT => "constraint",
            ffi::SQLITE_MISMATCH => "mismatch",
            ffi::SQLITE_AUTH => "auth",
            ffi::SQLITE_NOTADB => "notadb",
            ffi::SQLITE_NOMEM => "nomem",
            ffi::SQLITE_SCHEMA => "schema",
            _ => "error",
        },
    }
}
