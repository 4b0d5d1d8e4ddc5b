//! an async function that is dropped: never polled, or halfway

use super::measured;
use crate::support::{Loud, block_on, note, notes, pause, poll_once};

#[measured]
async fn wait(name: Loud) -> u8 {
    let _local = Loud("local");
    note("polled");
    pause().await;
    drop(name);
    1
}

pub(crate) const RECORDS: &[&str] = &["wait cancelled", "wait ok"];

pub(crate) fn run() -> String {
    drop(wait(Loud("unpolled")));
    let pending = poll_once(wait(Loud("halfway"))).is_pending();
    format!("{pending} {} {}", block_on(wait(Loud("whole"))), notes())
}
