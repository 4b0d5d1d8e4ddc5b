//! a parameter that is there only under a `#[cfg(..)]`

use super::measured;
use crate::support::{Loud, block_on, note, notes, pause};

#[measured]
#[allow(clippy::needless_pass_by_value, reason = "it is dropped here")]
fn sync(
    first: Loud,
    #[cfg(not(test))] _second: Loud,
    #[cfg(any())] third: NoSuchType,
    #[cfg(any())] _: NoSuchType,
    fourth: Loud,
) -> usize {
    #[cfg(any())]
    drop(third);
    note("end");
    fourth.name().len() + first.name().len()
}

#[measured]
async fn later(first: Loud, #[cfg(any())] _second: NoSuchType, third: Loud) -> usize {
    pause().await;
    third.name().len() + first.name().len()
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "later ok"];

pub(crate) fn run() -> String {
    let length = sync(
        Loud("a"),
        #[cfg(not(test))]
        Loud("b"),
        Loud("d"),
    );
    let later = block_on(later(Loud("e"), Loud("f")));
    format!("{length} {later} {}", notes())
}
