//! One statement or function of a request: as it is gathered, and as it is read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::{TickSpan, Ticks, ticks_in};
use crate::model::event::{Call, CallFlags, Detail};
use crate::model::few_fields::FewFields;
use crate::model::field::{Field, Fields};
use crate::model::names::Names;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::model::pool::{PoolEvent, PoolUse};
use crate::model::statement::{Flags, Statement};
use crate::model::trace::milliseconds;

/// One statement or function of a request, as it is gathered.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) start: Ticks,
    pub(crate) what: What,
    /// What few have; of a call, its record has the same one.
    detail: Option<Arc<Detail>>,
    pub(crate) taken: TickSpan,
    /// Of a statement.
    rows: u32,
    /// 0 where it is not known.
    pub(crate) thread: u32,
    outcome: OutcomeKind,
    /// Of a statement, and whether its request had ended.
    pub(crate) flags: Flags,
}

const _: () = assert!(size_of::<Child>() <= 48);

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Statement {
        shape: u16,
        function: Option<&'static Callsite>,
    },
    Function(&'static Callsite),
    /// A wait for a connection of this pool.
    PoolWait(u16),
}

impl Child {
    pub(crate) fn of_statement(statement: &Statement, thread: u32) -> Self {
        Self {
            start: statement.start,
            what: What::Statement {
                shape: statement.shape,
                function: statement.function,
            },
            detail: statement_detail(statement),
            taken: statement.taken,
            rows: statement.rows,
            thread,
            outcome: statement.outcome,
            flags: statement.flags,
        }
    }

    pub(crate) fn of_call(call: &Call, thread: u32) -> Self {
        // What was told and not measured ended when it was told.
        let told = call.detail.as_ref().and_then(|detail| detail.duration);
        let (start, taken) = match told {
            Some(duration) => (call.end.before(duration), TickSpan::of(ticks_in(duration))),
            None => (call.start, call.start.span_until(call.end)),
        };
        Self {
            start,
            what: What::Function(call.site),
            detail: call.detail.clone(),
            taken,
            rows: 0,
            thread,
            outcome: call.outcome,
            flags: late(call.flags.has(CallFlags::LATE)),
        }
    }

    pub(crate) fn of_pool_wait(used: PoolUse, thread: u32) -> Self {
        let time = used.duration();
        let outcome = match used.what {
            PoolEvent::TimedOut(_) => OutcomeKind::Error,
            PoolEvent::Waited(_) | PoolEvent::Used(_) => OutcomeKind::Ok,
        };
        let detail = (outcome == OutcomeKind::Error).then(|| {
            Arc::new(Detail {
                error_class: Some("timeout"),
                ..Detail::default()
            })
        });
        Self {
            start: used.end.before(time),
            what: What::PoolWait(used.pool),
            detail,
            taken: TickSpan::of(ticks_in(time)),
            rows: 0,
            thread,
            outcome,
            flags: late(used.late),
        }
    }

    pub(crate) fn end(&self) -> Ticks {
        self.start.after(self.taken)
    }

    /// Whether it ended later than that; a span of ticks is exact to one part in ten million.
    fn is_after(&self, end: Ticks) -> bool {
        let rounding = self.taken.count() >> 20;
        end.count_until(self.end()) > rounding
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let detail = self.detail.as_ref();
        let own = detail.and_then(|detail| detail.error_class);
        let class = own.or_else(|| match &self.what {
            What::Function(site) => site.usual_class(),
            _ => None,
        });
        self.outcome.with_class(class)
    }

    /// How much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.detail_bytes()
    }

    /// How much memory it holds beside itself.
    pub(crate) fn detail_bytes(&self) -> usize {
        let Some(detail) = &self.detail else { return 0 };
        size_of::<Detail>() + detail.fields.memory()
    }

    /// As it is read, of a request that took from `start` to `end`.
    pub(crate) fn span(&self, start: Ticks, end: Ticks, names: &Names) -> TraceSpan {
        let (kind, name, statement, function) = match self.what {
            What::Statement { shape, function } => {
                let shape = &names.shapes.get(u32::from(shape)).shape;
                let function = function.map(|function| function.name().to_owned());
                let fingerprint = Some(shape.fingerprint.to_string());
                (
                    SpanKind::Statement,
                    shape.name.to_string(),
                    fingerprint,
                    function,
                )
            }
            What::Function(site) => {
                let kind = match site.kind() {
                    CallKind::Business => SpanKind::Business,
                    CallKind::Query => SpanKind::Query,
                };
                (kind, site.name().to_owned(), None, None)
            }
            What::PoolWait(pool) => (SpanKind::PoolWait, names.pools.name(pool), None, None),
        };
        let fields = self.detail.as_ref().map(|detail| detail.fields.to_vec());
        TraceSpan {
            kind,
            name,
            statement,
            function,
            offset: start.until(self.start),
            duration: self.taken.duration(),
            thread: Some(self.thread).filter(|thread| *thread > 0),
            rows: (kind == SpanKind::Statement).then_some(u64::from(self.rows)),
            outcome: self.outcome(),
            is_late: self.is_after(end),
            fields: Fields::from(fields.unwrap_or_default()),
        }
    }
}

fn late(is_late: bool) -> Flags {
    let mut flags = Flags::default();
    flags.set(Flags::LATE, is_late);
    flags
}

/// What is worth telling of a statement beside its time and rows; usually nothing.
fn statement_detail(statement: &Statement) -> Option<Arc<Detail>> {
    let detail = statement.detail.as_ref()?;
    let scan_steps = Some(detail.scan_steps).filter(|steps| *steps > 0);
    let waited = detail
        .lock
        .as_ref()
        .map(|lock| milliseconds(lock.waited.duration()));
    let known: [Option<Field>; 5] = [
        detail.error_code.map(|code| ("error_code", code.into())),
        detail
            .rows_changed
            .map(|changed| ("rows_changed", changed.into())),
        detail.batch_size.map(|size| ("batch_size", size.into())),
        scan_steps.map(|steps| ("scan_steps", steps.into())),
        waited.map(|waited| ("lock_wait_ms", waited.into())),
    ];
    let fields: FewFields = known.into_iter().flatten().collect();
    let is_told = !fields.is_empty() || detail.error_class.is_some();
    is_told.then(|| {
        Arc::new(Detail {
            duration: None,
            error_class: detail.error_class,
            fields,
        })
    })
}

/// What kind of work a span of a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SpanKind {
    /// A statement.
    Statement,
    /// A function under `#[monitored_query]`.
    Query,
    /// A function under `#[track_business]`, or a business helper.
    Business,
    /// A wait of a millisecond and more for a connection, as `sqlite::PoolEvents` tells it.
    PoolWait,
}

impl SpanKind {
    /// Returns the kind as a label: `statement`, `query`, `business` or `pool_wait`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Query => "query",
            Self::Business => "business",
            Self::PoolWait => "pool_wait",
        }
    }
}

impl fmt::Display for SpanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One statement or function of a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TraceSpan {
    /// What kind of work it is.
    pub kind: SpanKind,
    /// `SELECT notes`, or the name of the function or the pool.
    pub name: String,
    /// Of a statement its fingerprint: the text without any literal.
    pub statement: Option<String>,
    /// Of a statement the annotated function around it.
    pub function: Option<String>,
    /// When it began, from the beginning of the request.
    pub offset: Duration,
    /// How long it took.
    pub duration: Duration,
    /// A small number for the thread that it ran on, or on which it ended; `None` where that is not known.
    pub thread: Option<u32>,
    /// Of a statement the rows that it returned.
    pub rows: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// It ended after its request.
    pub is_late: bool,
    /// What the annotation was given; of a statement, what else there is to say.
    pub fields: Fields,
}

impl fmt::Display for TraceSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.statement.as_deref().unwrap_or(&self.name);
        write!(
            f,
            "{:>9.2} ms {:>9.2} ms  {:<9} {name}",
            milliseconds(self.offset),
            milliseconds(self.duration),
            self.kind,
        )?;
        if let Some(rows) = self.rows {
            write!(f, ", {rows} rows")?;
        }
        for (name, value) in self.fields.iter() {
            write!(f, ", {name}={value}")?;
        }
        if !self.outcome.is_ok() {
            write!(f, ", {}", self.outcome)?;
        }
        if let Some(thread) = self.thread {
            write!(f, ", thread {thread}")?;
        }
        if self.is_late {
            f.write_str(", late")?;
        }
        Ok(())
    }
}
