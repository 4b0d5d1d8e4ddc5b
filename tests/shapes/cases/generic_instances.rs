//! several instances of a generic function with a `static`

use super::measured;
use crate::support::{block_on, pause};
use std::sync::atomic::{AtomicUsize, Ordering};

#[measured]
fn size<T>() -> (usize, usize) {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    (CALLS.fetch_add(1, Ordering::Relaxed) % 2, size_of::<T>())
}

#[measured]
async fn later<T: Default>(number: u8) -> Result<T, T> {
    pause().await;
    if number == 0 {
        return Err(T::default());
    }
    Ok(T::default())
}

pub(crate) const RECORDS: &[&str] = &[
    "size ok",
    "size ok",
    "later error(u8)",
    "later error(String)",
];

pub(crate) fn run() -> String {
    let sizes = (size::<u8>().1, size::<u32>().1);
    format!(
        "{sizes:?} {:?} {:?}",
        block_on(later::<u8>(0)),
        block_on(later::<String>(0))
    )
}
