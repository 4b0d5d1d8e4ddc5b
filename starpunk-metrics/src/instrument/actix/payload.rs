//! Counts the bytes of a request's body that are really read: a declared length may be wrong, or missing.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::UPGRADE;
use bytes::Bytes;
use futures_core::Stream;

use crate::model::clock::Ticks;
use crate::model::request::Request;

struct CountedPayload {
    payload: Payload,
    request: Arc<Request>,
    /// Since when the client is waited for.
    waits_since: Option<Ticks>,
}

impl Stream for CountedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(cx);
        if polled.is_pending() {
            self.waits_since.get_or_insert_with(Ticks::now);
        } else if let Some(since) = self.waits_since.take() {
            self.request
                .waited_for_body(since.count_until(Ticks::now()));
        }
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            self.request.read(chunk.len());
        }
        polled
    }
}

/// What actix reads to the end of the connection. Many clients offer `Upgrade: h2c` with a body like any other.
fn is_no_body(request: &ServiceRequest) -> bool {
    let mut offers = request.headers().get_all(UPGRADE);
    *request.method() == Method::CONNECT
        || request.head().upgrade()
            && offers.any(|offer| offer.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Counts what is read of the body from now on.
pub(crate) fn count(service_request: &mut ServiceRequest, request: &Arc<Request>) {
    // A request without a body needs no box, and an upgraded connection is no body.
    if matches!(service_request.parts().1, Payload::None) || is_no_body(service_request) {
        return;
    }
    let payload = service_request.take_payload();
    let request = Arc::clone(request);
    let counted: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
        Box::pin(CountedPayload {
            payload,
            request,
            waits_since: None,
        });
    service_request.set_payload(Payload::from(counted));
}

/// A client that leaves in the middle of its body was waited for until then.
impl Drop for CountedPayload {
    fn drop(&mut self) {
        if let Some(since) = self.waits_since {
            self.request
                .waited_for_body(since.count_until(Ticks::now()));
        }
    }
}
