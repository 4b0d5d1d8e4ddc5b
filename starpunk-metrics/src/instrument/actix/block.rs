//! `web::block` that keeps the request: what runs on the blocking pool belongs to the request that sent it there.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

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
    let statements = Arc::new(AtomicU32::new(0));
    let into = Arc::clone(&statements);
    let running = actix_web::web::block(move || {
        let _counted = StatementCount {
            before: current::statements(),
            into,
        };
        context.enter(work)
    });
    async move {
        let output = running.await;
        // An annotated query around this call counts them as its own. Relaxed: joining the work orders it.
        current::add_statements(statements.load(Relaxed));
        output
    }
}

/// Counts the statements of this thread while it lives, also where the work panics.
struct StatementCount {
    before: u32,
    into: Arc<AtomicU32>,
}

impl Drop for StatementCount {
    fn drop(&mut self) {
        let count = current::statements().wrapping_sub(self.before);
        self.into.store(count, Relaxed);
    }
}
