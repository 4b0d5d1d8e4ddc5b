//! What kind of operation was measured, and how it ended.

use std::fmt;

/// The kind of a measured operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OperationType {
    /// A request, measured by the middleware until its last byte.
    Http,
    /// A statement, a batch of them, or an annotated query in which no statement was seen.
    Database,
    /// A business operation: a function under `#[track_business]`, or one of the `business` helpers.
    Render,
}

impl OperationType {
    /// Returns the lower-case name: `http`, `database` or `render`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Database => "database",
            Self::Render => "render",
        }
    }
}

impl fmt::Display for OperationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an operation ended.
///
/// An error carries its class, which is a name from the program's text and never a message: messages hold user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It returned what it should.
    Ok,
    /// It returned an error of this class, such as `BlogError`, `busy` or `500`.
    Error(&'static str),
    /// It panicked.
    Panic,
    /// Its future was dropped before it was ready, or its client left.
    Cancelled,
}

impl Outcome {
    /// Tells whether the operation returned what it should.
    pub fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }

    /// Returns the outcome without its class: `ok`, `error`, `panic` or `cancelled`.
    pub fn as_str(self) -> &'static str {
        OutcomeKind::from(self).as_str()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(class) => write!(f, "error({class})"),
            other => f.pad(other.as_str()),
        }
    }
}

/// An outcome in one byte; the class of an error travels apart from it, because errors are rare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum OutcomeKind {
    Ok,
    Error,
    Panic,
    Cancelled,
}

impl OutcomeKind {
    pub(crate) const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Panic, Self::Cancelled];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn with_class(self, class: Option<&'static str>) -> Outcome {
        match self {
            Self::Ok => Outcome::Ok,
            Self::Error => Outcome::Error(class.unwrap_or("unknown")),
            Self::Panic => Outcome::Panic,
            Self::Cancelled => Outcome::Cancelled,
        }
    }
}

impl From<Outcome> for OutcomeKind {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok => Self::Ok,
            Outcome::Error(_) => Self::Error,
            Outcome::Panic => Self::Panic,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}
