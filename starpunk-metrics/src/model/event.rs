//! One finished operation, in at most 64 bytes. In this form it crosses the channel if it has no allocation, and is kept.
//!
//! Times are raw ticks; names are a `&'static Callsite` or a small number given out by an `Interner`. What is rare
//! (fields, the class of an error) travels apart.

use std::sync::Arc;
use std::time::Duration;

use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::{TickSpan, Ticks};
use crate::model::ended_request::EndedRequest;
use crate::model::few_fields::FewFields;
use crate::model::histogram::nanos;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::model::pool::PoolUse;
use crate::model::request_id::RequestId;
use crate::model::statement::Statement;
use crate::model::transaction::Transaction;

/// One finished operation.
#[derive(Debug)]
pub(crate) enum Event {
    Statement(Statement),
    /// The request itself, which has ended.
    Request(Arc<EndedRequest>),
    /// No operation of its own: its statements are.
    Transaction(Box<Transaction>),
    /// No operation either: it is waited for on the way to one.
    PoolUse(PoolUse),
    // Last, and the largest: the compiler then keeps the tag in an unused value of its outcome.
    Call(Call),
}

const _: () = assert!(size_of::<Event>() <= 64);

/// One call of an annotated function or of a business helper.
///
/// In this order its outcome lies behind everything that a [`Statement`] has, so that the tag of [`Event`] fits there.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Call {
    pub(crate) site: &'static Callsite,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    /// Shared, once it has been collected, by its record and the trace of its request.
    pub(crate) detail: Option<Arc<Detail>>,
    pub(crate) request: Option<RequestId>,
    /// How many database operations were recorded inside it.
    pub(crate) statements: u32,
    pub(crate) polls: Polls,
    pub(crate) flags: CallFlags,
    pub(crate) outcome: OutcomeKind,
}

/// What is so or not so of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallFlags(u8);

impl CallFlags {
    /// Its record is kept if it is an ordinary one.
    pub(crate) const SAMPLED: Self = Self(1);
    /// Another call of the same place was running around it: its time is in that one's.
    pub(crate) const NESTED: Self = Self(2);
    /// Its request had ended.
    pub(crate) const LATE: Self = Self(4);

    #[inline]
    pub(crate) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    /// These, and `flag` where that is so.
    #[inline]
    pub(crate) fn and(self, flag: Self, is_so: bool) -> Self {
        // Without a branch.
        Self(self.0 | (flag.0 * u8::from(is_so)))
    }
}

/// How an `async` call used its executor; zero for any other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Polls {
    /// In all its polls together.
    pub(crate) busy: TickSpan,
    /// In the longest of them.
    pub(crate) longest: TickSpan,
}

impl Polls {
    #[inline]
    pub(crate) fn is_async(self) -> bool {
        !self.longest.is_zero()
    }

    pub(crate) fn busy(self) -> Duration {
        self.busy.duration()
    }

    pub(crate) fn longest(self) -> Duration {
        self.longest.duration()
    }
}

impl Call {
    /// Whether it is an operation of its own: an annotated query in which statements were seen is told by them.
    #[inline]
    pub(crate) fn is_operation(&self) -> bool {
        self.site.kind() == CallKind::Business || self.statements == 0
    }

    #[inline]
    pub(crate) fn nanos(&self) -> u64 {
        let told = self.detail.as_ref().and_then(|detail| detail.duration);
        match told {
            None => self.start.nanos_until(self.end),
            Some(told) => nanos(told),
        }
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    #[inline]
    pub(crate) fn outcome(&self) -> Outcome {
        match self.outcome {
            OutcomeKind::Ok => Outcome::Ok,
            other => other.with_class(self.error_class()),
        }
    }

    /// Of an error, its class.
    pub(crate) fn error_class(&self) -> Option<&'static str> {
        let detail = self.detail.as_ref();
        let own = detail.and_then(|detail| detail.error_class);
        own.or_else(|| self.site.usual_class())
    }

    pub(crate) fn has_fields(&self) -> bool {
        let detail = self.detail.as_ref();
        detail.is_some_and(|detail| !detail.fields.is_empty())
    }
}

/// What few calls have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detail {
    /// How long the call took, where that was told and not measured.
    pub(crate) duration: Option<Duration>,
    /// Of an error, where it is not the usual one of its place.
    pub(crate) error_class: Option<&'static str>,
    pub(crate) fields: FewFields,
}

impl Event {
    /// Whether it is an operation, and may have a record.
    pub(crate) fn is_operation(&self) -> bool {
        match self {
            Self::Call(_) | Self::Statement(_) => true,
            Self::Request(request) => !request.is_excluded(),
            Self::Transaction(_) | Self::PoolUse(_) => false,
        }
    }

    pub(crate) fn nanos(&self) -> u64 {
        match self {
            Self::Call(call) => call.nanos(),
            Self::Statement(statement) => statement.taken.nanos(),
            Self::Request(request) => request.nanos(),
            Self::Transaction(transaction) => transaction.start.nanos_until(transaction.end),
            Self::PoolUse(used) => nanos(used.duration()),
        }
    }

    pub(crate) fn end(&self) -> Ticks {
        match self {
            Self::Call(call) => call.end,
            Self::Statement(statement) => statement.end(),
            Self::Request(request) => request.ended_at(),
            Self::Transaction(transaction) => transaction.end,
            Self::PoolUse(used) => used.end,
        }
    }

    pub(crate) fn request_id(&self) -> Option<RequestId> {
        match self {
            Self::Call(call) => call.request,
            Self::Statement(statement) => statement.request,
            Self::Request(request) => Some(request.id),
            Self::Transaction(transaction) => transaction.request,
            Self::PoolUse(used) => used.request,
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Call(call) => call.outcome(),
            Self::Statement(statement) => statement.outcome(),
            Self::Request(request) => request.outcome(),
            Self::Transaction(_) | Self::PoolUse(_) => Outcome::Ok,
        }
    }
}
