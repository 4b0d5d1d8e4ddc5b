//! What crosses the channel and does not fit into an [`Event`]'s 64 bytes: a request, and what few calls and statements have.
//!
//! By value: what one thread allocates and another gives back is not at hand for the next of its size, and leaves holes where
//! the application allocates. That shows in the pages of a whole application.

use std::sync::Arc;

use crate::model::clock::Ticks;
use crate::model::ended_request::EndedRequest;
use crate::model::event::{Call, Detail, Event};
use crate::model::statement::{Statement, StatementDetail};
use crate::model::transaction::Transaction;

/// One event, with what else there is to say of it.
#[derive(Debug)]
pub(crate) enum WideEvent {
    /// Without a detail in it.
    Call(Call, Detail),
    /// As well.
    Statement(Statement, StatementDetail),
    Request(EndedRequest),
    Transaction(Transaction),
}

const _: () = assert!(size_of::<WideEvent>() <= 176);

impl WideEvent {
    pub(crate) fn end(&self) -> Ticks {
        match self {
            Self::Call(call, _) => call.end,
            Self::Statement(statement, _) => statement.end(),
            Self::Request(request) => request.ended_at(),
            Self::Transaction(transaction) => transaction.end,
        }
    }
}

impl From<WideEvent> for Event {
    // Into where it is taken from the ring, so that it is not moved for this.
    #[inline(always)]
    fn from(event: WideEvent) -> Self {
        match event {
            WideEvent::Call(call, detail) => Self::Call(Call {
                detail: Some(Arc::new(detail)),
                ..call
            }),
            WideEvent::Statement(statement, detail) => Self::Statement(Statement {
                detail: Some(Box::new(detail)),
                ..statement
            }),
            WideEvent::Request(request) => Self::Request(Arc::new(request)),
            WideEvent::Transaction(transaction) => Self::Transaction(Box::new(transaction)),
        }
    }
}
