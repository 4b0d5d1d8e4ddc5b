//! The whole story of one request: what was done for it, when, on which thread, and how it ended.
//!
//! Kept in the form in which it was gathered; names are looked up when it is read. So a snapshot that nobody looks at closely
//! costs little.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::model::client_request_id::ClientRequestId;
use crate::model::clock::WallTime;
use crate::model::ended_request::{EndedRequest, RequestEnd};
use crate::model::names::Names;
use crate::model::request_id::RequestId;
use crate::model::request_outcome::RequestOutcome;
use crate::model::route_names::RouteName;
use crate::model::span::{Child, TraceSpan};
use crate::model::trace_parent::TraceParent;

/// How many statements and functions a trace tells of; the rest is counted.
pub(crate) const MAX_SPANS: usize = 200;

/// Why a request's trace was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TraceReason {
    /// It was dropped before its end (then its client has usually left), panicked, or its response was a 5xx or broke off.
    Failed,
    /// It took at least `METRICS_SLOW_REQUEST_THRESHOLD`.
    Slow,
    /// It ran the same statement again and again.
    RepeatedStatements,
    /// It ran more statements than `METRICS_MANY_STATEMENTS`.
    ManyStatements,
    /// It kept its worker from all other requests for too long at a stretch.
    BlockedExecutor,
    /// It was nothing special, and the sampling kept it.
    Sampled,
}

impl TraceReason {
    /// Every reason, in the order of [`TraceReason`].
    pub const ALL: [Self; 6] = [
        Self::Failed,
        Self::Slow,
        Self::RepeatedStatements,
        Self::ManyStatements,
        Self::BlockedExecutor,
        Self::Sampled,
    ];

    /// Returns the reason as a label, such as `slow`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Slow => "slow",
            Self::RepeatedStatements => "repeated_statements",
            Self::ManyStatements => "many_statements",
            Self::BlockedExecutor => "blocked_executor",
            Self::Sampled => "sampled",
        }
    }
}

/// Some reasons, without an allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons(u8);

impl Reasons {
    pub(crate) fn add(&mut self, reason: TraceReason) {
        self.0 |= 1 << reason as u8;
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it was nothing special.
    pub(crate) fn is_ordinary(self) -> bool {
        self.0 == 1 << TraceReason::Sampled as u8
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = TraceReason> {
        let all = TraceReason::ALL.into_iter();
        all.filter(move |reason| self.0 & 1 << *reason as u8 != 0)
    }
}

impl fmt::Display for TraceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What was gathered of one request. A clone shares all that is large.
#[derive(Clone, Debug)]
pub(crate) struct TraceRecord {
    pub(crate) request: Arc<EndedRequest>,
    pub(crate) started_at: WallTime,
    /// As [`Request::duration`] tells it.
    pub(crate) duration: Duration,
    /// The thread that ended it, which is the one that polled it; 0 where that is not known.
    pub(crate) thread: u32,
    pub(crate) reasons: Reasons,
    pub(crate) children: Children,
    /// How many more there were.
    pub(crate) omitted: u32,
}

/// What was done for a request, in the order in which it was collected; `len() <= MAX_SPANS`.
///
/// Most requests of a busy site do little: those have no allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children(Option<Arc<[Child]>>);

impl From<Vec<Child>> for Children {
    fn from(children: Vec<Child>) -> Self {
        Self((!children.is_empty()).then(|| Arc::from(children)))
    }
}

impl Deref for Children {
    type Target = [Child];

    fn deref(&self) -> &[Child] {
        self.0.as_ref().map_or(&[], |children| children)
    }
}

impl Children {
    /// How much memory they hold.
    fn bytes(&self) -> usize {
        let Some(children) = &self.0 else { return 0 };
        let details = children.iter().map(Child::detail_bytes);
        size_of_val::<[Child]>(children) + details.sum::<usize>()
    }

    /// By a copy: there is hardly ever anything to add.
    fn push(&mut self, child: Child) {
        *self = self
            .iter()
            .cloned()
            .chain([child])
            .collect::<Vec<_>>()
            .into();
    }
}

impl TraceRecord {
    pub(crate) fn end(&self) -> &RequestEnd {
        self.request.end.as_ref().unwrap_or(&RequestEnd::UNKNOWN)
    }

    /// How much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.request.memory() + self.children.bytes()
    }

    /// Takes in what was collected after it was kept.
    pub(crate) fn join(&mut self, child: Child) {
        if self.children.len() < MAX_SPANS {
            self.children.push(child);
        } else {
            self.omitted += 1;
        }
    }
}

/// The whole story of one request: its statements and functions in order, on all threads, and how it ended.
///
/// Cheap to clone. Written with `{}` it is a timeline in text.
#[derive(Clone)]
pub struct RequestTrace {
    record: TraceRecord,
    names: Arc<Names>,
}

impl RequestTrace {
    pub(crate) fn new(record: TraceRecord, names: Arc<Names>) -> Self {
        Self { record, names }
    }

    /// Returns the request's id.
    pub fn request_id(&self) -> RequestId {
        self.record.request.id
    }

    /// Returns what the client called it, if it sent a valid `X-Request-ID`.
    pub fn client_request_id(&self) -> Option<&ClientRequestId> {
        self.record.request.client.request_id()
    }

    /// Returns the caller's place in its own trace, if it sent a valid `traceparent`.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        self.record.request.client.trace_parent()
    }

    /// Returns why it was kept; never empty.
    pub fn reasons(&self) -> Vec<TraceReason> {
        self.record.reasons.iter().collect()
    }

    /// Returns the method, or `_OTHER`.
    pub fn method(&self) -> &'static str {
        self.route_name().method
    }

    /// Returns the route pattern, such as `/notes/{id}`.
    pub fn route(&self) -> String {
        self.route_name().route.to_string()
    }

    fn route_name(&self) -> Arc<RouteName> {
        self.names.routes.get(self.record.end().route)
    }

    /// Returns the status that was sent, or would have been; `None` where there never was a response.
    pub fn status(&self) -> Option<u16> {
        self.record.end().status
    }

    /// Returns how it ended.
    pub fn outcome(&self) -> RequestOutcome {
        self.record.end().outcome
    }

    /// Returns when it began, by the wall clock.
    pub fn started_at(&self) -> SystemTime {
        self.record.started_at.into()
    }

    /// Returns the time until the last byte; of an event stream or an upgrade until its head.
    pub fn duration(&self) -> Duration {
        self.record.duration
    }

    /// Returns the time until the head of the response; `None` where there never was one.
    pub fn head(&self) -> Option<Duration> {
        let start = self.record.request.start;
        self.record.end().head.map(|head| start.until(head))
    }

    /// Returns the time in its polls together: what it kept its worker from others.
    pub fn busy(&self) -> Duration {
        self.record.end().polls.busy.duration()
    }

    /// Returns the longest single poll.
    pub fn longest_poll(&self) -> Duration {
        self.record.end().polls.longest.duration()
    }

    /// Returns the bytes of its body that were read.
    pub fn request_bytes(&self) -> u64 {
        self.record.request.bytes
    }

    /// Returns the bytes of the response's body that were written.
    pub fn response_bytes(&self) -> u64 {
        self.record.end().response_bytes
    }

    /// Returns how many database operations it made until its end.
    pub fn statements(&self) -> u32 {
        self.record.end().statements
    }

    /// Returns the time that those took: a sum over all threads, so it may be more than the request took.
    pub fn statement_time(&self) -> Duration {
        self.record.end().statement_time()
    }

    /// Returns the number of the thread that polled it, as in [`TraceSpan::thread`]; `None` where that is not known.
    pub fn thread(&self) -> Option<u32> {
        Some(self.record.thread).filter(|thread| *thread > 0)
    }

    /// Returns its statements and functions, by the time at which they began; at most 200.
    pub fn spans(&self) -> Vec<TraceSpan> {
        let start = self.record.request.start;
        let mut children: Vec<&Child> = self.record.children.iter().collect();
        // What encloses others begins first, or at the same tick and takes longer.
        children.sort_by(|a, b| {
            a.start
                .cmp(&b.start)
                .then(b.taken.count().cmp(&a.taken.count()))
        });
        let end = self.record.end().end;
        let spans = children.into_iter();
        spans
            .map(|child| child.span(start, end, &self.names))
            .collect()
    }

    /// Returns how many statements and functions more there were, which are not among [`RequestTrace::spans`].
    pub fn omitted(&self) -> u32 {
        self.record.omitted
    }
}

impl fmt::Debug for RequestTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTrace")
            .field("request_id", &self.request_id())
            .field("route", &self.route_name().name)
            .field("outcome", &self.outcome())
            .field("reasons", &self.reasons())
            .field("spans", &self.spans())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for RequestTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.request_id(), self.route_name().name)?;
        if let Some(status) = self.status() {
            write!(f, " {status}")?;
        }
        let reasons = self.record.reasons.iter();
        let reasons: Vec<&str> = reasons.map(TraceReason::as_str).collect();
        writeln!(
            f,
            " {} in {:.1} ms ({:.1} ms in polls, {} statements in {:.1} ms; kept: {})",
            self.outcome(),
            milliseconds(self.duration()),
            milliseconds(self.busy()),
            self.statements(),
            milliseconds(self.statement_time()),
            reasons.join(", "),
        )?;
        for span in self.spans() {
            writeln!(f, "  {span}")?;
        }
        if self.omitted() > 0 {
            writeln!(f, "  {} more are not told", self.omitted())?;
        }
        Ok(())
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
