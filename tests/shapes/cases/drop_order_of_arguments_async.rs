//! drop order of an async function's arguments

use super::measured;
use crate::support::{Loud, block_on, note, notes, pause, poll_once};

#[measured]
async fn used_backwards(first: Loud, _second: Loud, third: Loud) -> usize {
    let _local = Loud("local");
    let length = third.name().len();
    pause().await;
    note("end");
    length + first.name().len()
}

#[measured]
async fn early(first: Loud, _: Loud, third: Loud, is_early: bool) -> Loud {
    let _local = Loud("local");
    if is_early {
        return third;
    }
    pause().await;
    drop(third);
    first
}

#[measured]
async fn unused(_first: Loud, (_second, _): (Loud, Loud), _third: Loud) {
    pause().await;
    note("end");
}

pub(crate) const RECORDS: &[&str] = &[
    "used_backwards ok",
    "used_backwards cancelled",
    "early ok",
    "early ok",
    "unused ok",
    "unused cancelled",
];

pub(crate) fn run() -> String {
    let length = block_on(used_backwards(Loud("a"), Loud("b"), Loud("c")));
    note("/");
    let pending = poll_once(used_backwards(Loud("a"), Loud("b"), Loud("c"))).is_pending();
    note("/");
    for is_early in [true, false] {
        drop(block_on(early(Loud("a"), Loud("b"), Loud("c"), is_early)));
        note("/");
    }
    block_on(unused(Loud("a"), (Loud("b"), Loud("c")), Loud("d")));
    note("/");
    let unused = poll_once(unused(Loud("a"), (Loud("b"), Loud("c")), Loud("d"))).is_pending();
    note("/");
    drop(used_backwards(Loud("a"), Loud("b"), Loud("c")));
    format!("{length} {pending} {unused} {}", notes())
}
