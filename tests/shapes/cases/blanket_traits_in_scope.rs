//! traits for every type whose methods are named like ours

use super::measured;
use crate::support::{block_on, pause};

trait Asked {
    fn outcome(&self) -> &'static str {
        "outcome"
    }
    fn run(&self) -> &'static str {
        "run"
    }
    fn call(&self) -> &'static str {
        "call"
    }
    fn in_span(&self) -> &'static str {
        "in_span"
    }
    fn instrument(&self) -> &'static str {
        "instrument"
    }
}

impl<T: ?Sized> Asked for T {}

#[measured]
fn sync(number: u8) -> [&'static str; 2] {
    [number.outcome(), number.run()]
}

#[measured]
fn checked(number: u8) -> Result<&'static str, u8> {
    if number == 0 {
        return Err(number);
    }
    Ok(number.call())
}

#[measured]
async fn later(number: u8) -> [&'static str; 2] {
    pause().await;
    [number.in_span(), number.instrument()]
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "checked error(u8)", "checked ok", "later ok"];

pub(crate) fn run() -> String {
    format!(
        "{:?} {:?} {:?}",
        sync(1),
        [0, 1].map(checked),
        block_on(later(2))
    )
}
