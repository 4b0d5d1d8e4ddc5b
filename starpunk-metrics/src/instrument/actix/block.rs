//! `web::block` that keeps the request: what runs on the blocking pool belongs to the request that sent it there.

use std::future::Future;

use actix_web::error::BlockingError;

use crate::record::context::Context;
use crate::record::current;

/// Runs a blocking function on actix's pool of threads, as [`actix_web::web::block`] does, for the same request.
///
/// Statements and business events inside carry the request's id, are counted among its own, and take the name of the
/// annotated query around the call. With `web::block` they find no request, and are counted as `unattributed`.
///
/// # Errors
///
/// [`BlockingError`] where the function panicked.
pub fn block<F, R>(work: F) -> impl Future<Output = Result<R, BlockingError>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    // Taken now and not at the first poll, as the work is started now.
    let mut context = Context::current();
    let running = actix_web::web::block(move || {
        let before = current::statements();
        let output = context.enter(work);
        (output, current::statements().wrapping_sub(before))
    });
    async move {
        let (output, statements) = running.await?;
        // An annotated query around this call counts them as its own.
        current::add_statements(statements);
        Ok(output)
    }
}
