//! local modules named `core`, `std`, `alloc`

use super::measured;
use crate::support::{block_on, pause};

mod core {
    pub(super) fn number() -> u8 {
        1
    }
}

mod std {
    pub(super) fn number() -> u8 {
        2
    }
}

mod alloc {
    pub(super) fn number() -> u8 {
        3
    }
}

#[measured]
fn sync(number: u8) -> Option<u8> {
    let numbers = core::number() + std::number() + alloc::number();
    if number == 0 {
        return None;
    }
    numbers.checked_sub(number)
}

#[measured]
async fn later(number: u8) -> Result<u8, char> {
    pause().await;
    if number == 0 {
        return Err('z');
    }
    Ok(number + core::number())
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "sync ok", "later error(char)", "later ok"];

pub(crate) fn run() -> String {
    format!(
        "{:?} {:?} {:?}",
        sync(0),
        sync(1),
        [0, 1].map(|number| block_on(later(number)))
    )
}
