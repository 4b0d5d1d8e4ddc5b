//! on a whole `impl` block, with a `const fn` among the methods

use super::measured;

struct Store(u8);

#[measured]
impl Store {
    const START: u8 = 1;

    const fn new(number: u8) -> Self {
        Self(number + Self::START)
    }

    fn sell(&mut self, count: u8) -> &mut u8 {
        self.0 -= count;
        &mut self.0
    }

    pub(super) const fn get(&self) -> u8 {
        self.0
    }
}

const STORE: Store = Store::new(2);

pub(crate) const RECORDS: &[&str] = &["Store::sell ok"];

pub(crate) fn run() -> String {
    let mut store = STORE;
    *store.sell(1) += 7;
    store.get().to_string()
}
