//! `#[cfg]` and `#[allow]` on parameters

use super::measured;
use crate::support::{block_on, pause};

struct Sum(u8);

impl Sum {
    #[measured]
    fn add(
        &mut self,
        #[cfg(not(any()))] number: u8,
        #[cfg(any())] number: NoSuchType,
        #[allow(unused_variables, reason = "the shape")] other: u8,
    ) -> u8 {
        self.0 += number;
        self.0
    }
}

#[measured]
async fn later(
    #[allow(unused_mut, reason = "the shape")] mut number: u8,
    #[cfg(any())] _gone: NoSuchType,
) -> u8 {
    pause().await;
    number
}

pub(crate) const RECORDS: &[&str] = &["Sum::add ok", "later ok"];

pub(crate) fn run() -> String {
    format!("{} {}", Sum(1).add(2, 3), block_on(later(4)))
}
