//! an async function `-> !`

use super::measured;
use crate::support::{block_on, note, notes, pause, poll_once};
use std::panic::{catch_unwind, resume_unwind};

#[measured]
async fn forever(first: &'static str) -> ! {
    note(first);
    loop {
        pause().await;
        note("again");
    }
}

#[measured]
async fn fail(code: u8) -> ! {
    pause().await;
    if code == 0 {
        resume_unwind(Box::new("zero"));
    }
    resume_unwind(Box::new("other"))
}

pub(crate) const RECORDS: &[&str] = &["forever cancelled", "fail panic"];

pub(crate) fn run() -> String {
    let pending = poll_once(forever("once")).is_pending();
    let end = catch_unwind(|| {
        block_on(fail(1));
    });
    let panic = end.map_err(|panic| panic.downcast_ref::<&str>().copied());
    format!("{pending} {panic:?} {}", notes())
}
