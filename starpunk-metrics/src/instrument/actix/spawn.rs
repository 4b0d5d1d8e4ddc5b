//! `spawn` that keeps the request: a task of actix that goes on working for the request that began it.

use std::future::Future;

use actix_web::rt::task::JoinHandle;

use crate::record::request_context::RequestContext;

/// Spawns a future on this worker's thread, as [`actix_web::rt::spawn`] does, for the same request.
///
/// What it records carries the request's id. If the request ends first, what comes after joins its trace, marked late.
///
/// # Panics
///
/// Outside of actix's runtime, as that one does.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    actix_web::rt::spawn(RequestContext::current().wrap(future))
}
