//! Counts the bytes of a request's body that are really read: a declared length may be wrong, or missing.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_core::Stream;

struct CountedPayload {
    payload: Payload,
    bytes: Rc<Cell<u64>>,
}

impl Stream for CountedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(cx);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            self.bytes.set(self.bytes.get() + chunk.len() as u64);
        }
        polled
    }
}

/// Counts into `bytes` what is read of the body from now on.
pub(crate) fn count(request: &mut ServiceRequest, bytes: Rc<Cell<u64>>) {
    // A request without a body needs no box, and an upgraded connection is no body.
    if request.head().upgrade() {
        return;
    }
    match request.take_payload() {
        Payload::None => {}
        payload => {
            let counted: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
                Box::pin(CountedPayload { payload, bytes });
            request.set_payload(Payload::from(counted));
        }
    }
}
