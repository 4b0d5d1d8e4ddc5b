//! What a worker uses again: of each request the same few allocations are needed, and none leaves its thread.

use std::cell::RefCell;
use std::thread::LocalKey;

/// How many of a kind a worker keeps for the requests to come.
const MAX_SPARES: usize = 64;

/// The spares of one kind; `len() <= MAX_SPARES`.
pub(crate) type Spares<T> = RefCell<Vec<T>>;

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
