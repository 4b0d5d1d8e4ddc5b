//! What is wrong, and what to do about it.

use std::fmt;
use std::time::Duration;

use crate::model::request_id::RequestId;

/// What kind of trouble a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// The server fails its clients: responses with a 5xx, panics, bodies that broke off.
    FailingRequests,
    /// Requests take at least `METRICS_SLOW_REQUEST_THRESHOLD`.
    SlowRequests,
    /// Requests keep their worker from all others, for 20 ms and more at a stretch (twice `METRICS_SLOW_POLL_THRESHOLD`).
    BlockedExecutor,
    /// Requests run more than 50 statements (`METRICS_MANY_STATEMENTS`).
    ManyStatements,
    /// A statement looks at more than 1000 rows of a table without an index to find a few, or SQLite makes an index for it each
    /// time.
    FullScan,
    /// Requests run the same SELECT again and again: usually once for each row of another.
    RepeatedSelect,
    /// Requests run the same write again and again, each in a transaction of its own.
    RepeatedWrite,
    /// Statements wait for somebody else's lock: 100 ms and more in all, or one of them gave up.
    LockWait,
    /// A transaction began to write after it had read, and was refused: somebody else had written meanwhile.
    DeferredUpgrade,
    /// A connection was given back with its transaction open.
    LeftOpen,
    /// Another `trace_v2` took the place of the hook on a connection: its statements are not recorded any more.
    HookReplaced,
}

impl FindingKind {
    /// Returns the kind as a label, such as `full_scan`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailingRequests => "failing_requests",
            Self::SlowRequests => "slow_requests",
            Self::BlockedExecutor => "blocked_executor",
            Self::ManyStatements => "many_statements",
            Self::FullScan => "full_scan",
            Self::RepeatedSelect => "repeated_select",
            Self::RepeatedWrite => "repeated_write",
            Self::LockWait => "lock_wait",
            Self::DeferredUpgrade => "deferred_upgrade",
            Self::LeftOpen => "left_open",
            Self::HookReplaced => "hook_replaced",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One trouble: where it is, what shows it, and what to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of trouble it is.
    pub kind: FindingKind,
    /// The fingerprint of the statement it is about, if it is about one; of requests the one that is most to blame, if one is.
    pub statement: Option<String>,
    /// The annotated function around it.
    pub function: Option<String>,
    /// The requests it happened in, as `METHOD route`; where there is more than one such route, that of the latest.
    pub route: Option<String>,
    /// How often it was seen.
    pub count: u64,
    /// The time that the statements or the requests concerned took, or waited.
    pub time: Duration,
    /// What was seen, in a sentence.
    pub evidence: String,
    /// What to do, in a sentence.
    pub advice: String,
    /// The latest requests in which it was seen; at most 3.
    pub requests: Vec<RequestId>,
}

/// In two lines: what, where, and what shows it; and what to do.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(route) = &self.route {
            write!(f, ", {route}")?;
        }
        if let Some(function) = &self.function {
            write!(f, ", in {function}")?;
        }
        if let Some(statement) = &self.statement {
            write!(f, ", `{statement}`")?;
        }
        write!(f, ": {}\n  {}", self.evidence, self.advice)
    }
}
