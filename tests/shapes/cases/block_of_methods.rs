//! on a whole `impl` block

use super::measured;
use crate::support::{block_on, pause};

struct Store<T>(T);

#[measured]
impl<T: Copy + Into<u8>> Store<T> {
    const LEAST: u8 = 1;

    /// Takes so many.
    pub(super) fn sell(&self, count: u8) -> Result<u8, String> {
        let number = self.0.into();
        if number < count + Self::LEAST {
            return Err(format!("only {number}"));
        }
        Ok(number - count)
    }

    async fn count(&self) -> u8 {
        pause().await;
        self.0.into()
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Store::sell ok",
    "Store::sell error(String)",
    "Store::count ok",
];

pub(crate) fn run() -> String {
    let store = Store(3);
    format!(
        "{:?} {:?} {}",
        store.sell(1),
        store.sell(3),
        block_on(store.count())
    )
}
