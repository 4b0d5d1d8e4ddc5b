//! What crosses the channel: one finished operation, in at most 64 bytes.
//!
//! Times are raw ticks; names are a `&'static Callsite` or a small number given out by an `Interner`. What is rare
//! (fields, the class of an error) travels in a box.

use std::time::Duration;

use crate::model::callsite::Callsite;
use crate::model::clock::Ticks;
use crate::model::field::Field;
use crate::model::operation::{Outcome, OutcomeKind};
use crate::model::request_id::RequestId;

/// One finished operation.
#[derive(Debug)]
pub(crate) enum Event {
    Call(Call),
    Statement(Statement),
    // A request has most to tell and happens least often.
    Request(Box<Request>),
}

const _: () = assert!(size_of::<Event>() <= 64);

/// One call of an annotated function or of a business helper.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) site: &'static Callsite,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    pub(crate) request: Option<RequestId>,
    pub(crate) detail: Option<Box<Detail>>,
    /// How many database operations were recorded inside it.
    pub(crate) statements: u32,
    pub(crate) outcome: OutcomeKind,
}

/// One executed statement, or one batch of them.
///
/// In this order its last byte is the outcome, in whose unused values the compiler keeps the tag of [`Event`].
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Statement {
    /// The innermost annotated query around it.
    pub(crate) query: Option<&'static Callsite>,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    pub(crate) detail: Option<Box<StatementDetail>>,
    pub(crate) request: Option<RequestId>,
    pub(crate) shape: u32,
    /// Rows that the statement returned.
    pub(crate) rows: u32,
    pub(crate) outcome: OutcomeKind,
}

/// One request, from its first byte to the middleware until its last byte to the socket.
#[derive(Debug)]
pub(crate) struct Request {
    /// The interned `METHOD route`.
    pub(crate) route: u32,
    pub(crate) id: RequestId,
    pub(crate) start: Ticks,
    /// When the head of the response was ready; `None` where there never was one.
    pub(crate) head: Option<Ticks>,
    pub(crate) end: Ticks,
    /// The status that was sent, or would have been.
    pub(crate) status: Option<u16>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) statements: u32,
    pub(crate) statement_nanos: u64,
    pub(crate) outcome: Outcome,
}

/// What few calls have.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    /// How long the call took, where that was told and not measured.
    pub(crate) duration: Option<Duration>,
    pub(crate) error_class: Option<&'static str>,
    pub(crate) fields: Vec<Field>,
}

/// What only some statements have: they failed, changed rows, or were a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct StatementDetail {
    pub(crate) error_class: Option<&'static str>,
    /// SQLite's extended result code.
    pub(crate) error_code: Option<i32>,
    pub(crate) rows_changed: Option<u64>,
    pub(crate) batch_size: Option<u64>,
}

impl Event {
    pub(crate) fn duration(&self) -> Duration {
        match self {
            Self::Call(call) => {
                let told = call.detail.as_ref().and_then(|detail| detail.duration);
                told.unwrap_or_else(|| call.start.until(call.end))
            }
            Self::Statement(statement) => statement.start.until(statement.end),
            Self::Request(request) => request.start.until(request.end),
        }
    }

    pub(crate) fn end(&self) -> Ticks {
        match self {
            Self::Call(call) => call.end,
            Self::Statement(statement) => statement.end,
            Self::Request(request) => request.end,
        }
    }

    pub(crate) fn request_id(&self) -> Option<RequestId> {
        match self {
            Self::Call(call) => call.request,
            Self::Statement(statement) => statement.request,
            Self::Request(request) => Some(request.id),
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Call(call) => call
                .outcome
                .with_class(call.detail.as_ref().and_then(|detail| detail.error_class)),
            Self::Statement(statement) => statement.outcome.with_class(
                statement
                    .detail
                    .as_ref()
                    .and_then(|detail| detail.error_class),
            ),
            Self::Request(request) => request.outcome,
        }
    }
}
