//! What a request allocates on all threads, the collector's among them. That is a count of the whole process, so it is one
//! test, in a process of its own.

#![allow(clippy::unwrap_used)]

use std::alloc::System;

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::rt::Runtime;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpResponse, web};
use alloc_tracker::Allocator;
use starpunk_metrics::{Metrics, OperationType};
use starpunk_metrics_tests::allocations::of_all_threads;
use starpunk_metrics_tests::{config, measured, ready};

#[global_allocator]
static ALLOCATOR: Allocator<System> = Allocator::system();

/// Requests of a round, as many as the spare batches take.
const ROUND: u64 = 1_000;

const ROUNDS: u64 = 10;

/// The most that a request may allocate: the pattern that actix makes of its route, and what the collector keeps it in.
const A_REQUEST: u64 = 2;

/// What all of them may differ by: now and then a table or a ring grows, the more often the later the collector comes.
const A_HANDFUL: u64 = 300;

async fn note(id: web::Path<u32>) -> HttpResponse {
    HttpResponse::Ok().body(id.to_string())
}

/// The allocations in all rounds, until their requests are collected; those before them, that make what is used again, are
/// not counted.
fn allocations<S, R, B>(metrics: &Metrics, service: &S, request: impl Fn() -> R) -> u64
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let round = || {
        for _ in 0..ROUND {
            let response = ready(service.call(request())).unwrap();
            let body = ready(to_bytes(response.into_body()));
            assert_eq!(body.ok().unwrap(), "42");
        }
        assert!(metrics.flush());
    };
    (0..ROUNDS).for_each(|_| round());
    of_all_threads(|| (0..ROUNDS).for_each(|_| round()))
}

#[test]
fn a_request_takes_at_most_two_allocations_until_it_is_collected() {
    let runtime = Runtime::new().unwrap();
    let app = || App::new().route("/notes/{id}", web::get().to(note));
    let bare = runtime.block_on(init_service(app()));
    let (metrics, http) = measured(config());
    let watched = runtime.block_on(init_service(app().wrap(http)));
    let (off, http) = measured(config().enabled(false));
    let unmeasured = runtime.block_on(init_service(app().wrap(http)));

    let request = || {
        let mut request = TestRequest::with_uri("/notes/42").to_request();
        // What has no body has no payload either, off the wire.
        drop(request.take_payload());
        request
    };
    let bare = allocations(&metrics, &bare, request);
    let most = bare + A_REQUEST * ROUNDS * ROUND + A_HANDFUL;
    let with = allocations(&metrics, &watched, request);
    let counted = metrics
        .snapshot()
        .count(OperationType::Http, "GET /notes/{id}");
    assert_eq!(counted, 2 * ROUNDS * ROUND, "it is measured");
    assert!(with <= most, "{with}, and {bare} without the middleware");
    let with = allocations(&off, &unmeasured, request);
    let most = bare + A_HANDFUL;
    assert!(with <= most, "{with}, and {bare} without it, switched off");
}
