//! Who a request is: the id that it is given, and what its client said of it.

use std::cell::RefCell;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use bytes::{Bytes, BytesMut};

use crate::instrument::actix::trust::TrustedPeers;
use crate::model::client::{Client, Inbound};
use crate::model::client_request_id::ClientRequestId;
use crate::model::clock::Ticks;
use crate::model::gauges::Gauges;
use crate::model::request::Request;
use crate::model::request_id::RequestId;
use crate::model::trace_parent::TraceParent;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Gives a request its id: one of ours, or a trusted peer's.
pub(crate) fn request(
    start: Ticks,
    service_request: &ServiceRequest,
    trusted: &TrustedPeers,
    gauges: Option<&Gauges>,
) -> Request {
    let headers = service_request.headers();
    let client_request_id = match only(headers, &X_REQUEST_ID) {
        Sent::Nothing => None,
        Sent::Once(value) => ClientRequestId::parse(value.as_bytes()).or_else(|| refuse(gauges)),
        Sent::Often => refuse(gauges),
    };
    let trace_parent = match only(headers, &TRACEPARENT) {
        Sent::Once(value) => TraceParent::parse(value.as_bytes()),
        Sent::Nothing | Sent::Often => None,
    };
    if client_request_id.is_none() && trace_parent.is_none() {
        return Request::new(RequestId::random(), start, Client::default());
    }
    let peer = service_request.peer_addr().map(|peer| peer.ip());
    let adopted = client_request_id
        .as_ref()
        .filter(|_| trusted.trust(peer))
        .map(RequestId::adopt);
    let inbound = Inbound {
        is_adopted: adopted.is_some(),
        client_request_id,
        trace_parent,
    };
    let id = adopted.unwrap_or_else(RequestId::random);
    Request::new(id, start, Client::from(inbound))
}

fn refuse(gauges: Option<&Gauges>) -> Option<ClientRequestId> {
    if let Some(gauges) = gauges {
        gauges.count_refused_request_id();
    }
    None
}

enum Sent<'a> {
    Nothing,
    Once(&'a HeaderValue),
    Often,
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Sent<'a> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Sent::Nothing,
        (Some(value), None) => Sent::Once(value),
        (Some(_), Some(_)) => Sent::Often,
    }
}

/// How many bytes of headers lie together: about a hundred ids.
const ROOM: usize = 4_096;

thread_local! {
    /// Where the next id is written: those of many responses are one allocation, which is used again when they are sent.
    static IDS: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// Puts the id on a response, in the place of any other.
pub(crate) fn sign(headers: &mut HeaderMap, request: &Request) {
    let id = match request.client.adopted_id() {
        Some(id) => written(id.as_bytes()),
        None => written(&request.id.encode()),
    };
    if let Ok(value) = HeaderValue::from_maybe_shared(id) {
        headers.insert(X_REQUEST_ID.clone(), value);
    }
}

fn written(id: &[u8]) -> Bytes {
    let written = IDS.try_with(|ids| {
        let mut ids = ids.borrow_mut();
        if ids.capacity() < id.len() {
            ids.reserve(ROOM);
        }
        ids.extend_from_slice(id);
        ids.split().freeze()
    });
    written.unwrap_or_else(|_| Bytes::copy_from_slice(id))
}
