//! on a whole inline module

use super::measured;
use crate::support::block_on;

#[measured]
mod shop {
    use crate::support::pause;
    use std::num::ParseIntError;

    const LIMIT: u8 = 3;

    pub(super) struct Store(u8);

    impl Store {
        pub(super) fn new() -> Self {
            Self(LIMIT)
        }

        pub(super) fn sell(&mut self) -> &mut u8 {
            self.0 -= 1;
            &mut self.0
        }
    }

    pub(super) fn parse(text: &str) -> Result<u8, ParseIntError> {
        let number: u8 = text.parse()?;
        Ok(number)
    }

    pub(super) async fn later(number: u8) -> u8 {
        pause().await;
        number
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "shop::Store::new ok",
    "shop::Store::sell ok",
    "shop::parse ok",
    "shop::parse error(ParseIntError)",
    "shop::later ok",
];

pub(crate) fn run() -> String {
    let sold = *shop::Store::new().sell();
    let parsed = ["1", "x"].map(shop::parse);
    format!("{sold} {parsed:?} {}", block_on(shop::later(4)))
}
