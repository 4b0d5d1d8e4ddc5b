//! What a worker uses again: of each request the same few allocations are needed, and none leaves its thread.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::LocalKey;

use crate::model::request::Request;

/// How many of a kind a worker keeps for the requests to come.
const MAX_SPARES: usize = 64;

/// The spares of one kind; `len() <= MAX_SPARES`.
pub(crate) type Spares<T> = RefCell<Vec<T>>;

thread_local! {
    static REQUESTS: Spares<Arc<Request>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn take<T>(spares: &'static LocalKey<Spares<T>>) -> Option<T> {
    let spare = spares.try_with(|spares| spares.try_borrow_mut().ok()?.pop());
    spare.ok().flatten()
}

pub(crate) fn give<T>(spares: &'static LocalKey<Spares<T>>, spare: T) {
    let _ = spares.try_with(|spares| {
        if let Ok(mut spares) = spares.try_borrow_mut()
            && spares.len() < MAX_SPARES
        {
            spares.push(spare);
        }
    });
}

/// A request that can be shared.
pub(crate) fn share(request: Request) -> Arc<Request> {
    // One of which something still goes on elsewhere is left to that.
    if let Some(mut spare) = take(&REQUESTS)
        && let Some(room) = Arc::get_mut(&mut spare)
    {
        *room = request;
        return spare;
    }
    Arc::new(request)
}

/// Takes back what is over.
pub(crate) fn take_back(request: Arc<Request>) {
    give(&REQUESTS, request);
}
