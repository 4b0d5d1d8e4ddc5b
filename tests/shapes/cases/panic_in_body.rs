//! a panic, sync and async, with what is dropped by it

use super::measured;
use crate::support::{Loud, block_on, note, notes, pause};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[measured]
fn fail(_argument: Loud, list: &mut Vec<u8>) -> Result<(), String> {
    let _local = Loud("local");
    list.push(1);
    resume_unwind(Box::new("sync"))
}

#[measured]
async fn fail_later(_argument: Loud, list: &mut Vec<u8>) -> u8 {
    let _local = Loud("local");
    pause().await;
    list.push(2);
    resume_unwind(Box::new("async"))
}

pub(crate) const RECORDS: &[&str] = &["fail panic", "fail_later panic"];

pub(crate) fn run() -> String {
    let mut list = vec![];
    let ends = [
        catch_unwind(AssertUnwindSafe(|| drop(fail(Loud("argument"), &mut list)))).is_err(),
        catch_unwind(AssertUnwindSafe(|| {
            block_on(fail_later(Loud("argument"), &mut list))
        }))
        .is_err(),
    ];
    note("caught");
    format!("{ends:?} {list:?} {}", notes())
}
