//! drop order of arguments and locals

use super::measured;
use crate::support::{Loud, note, notes};

#[measured]
#[allow(
    clippy::needless_pass_by_value,
    reason = "the arguments are dropped here"
)]
fn used_backwards(first: Loud, _second: Loud, third: Loud) -> usize {
    let _local = Loud("local");
    let length = third.name().len() + first.name().len();
    note("end");
    length
}

#[measured]
fn early(first: Loud, _: Loud, third: Loud, is_early: bool) -> Loud {
    let _local = Loud("local");
    if is_early {
        return third;
    }
    drop(third);
    note("end");
    first
}

#[measured]
fn unused(_first: Loud, (_second, _): (Loud, Loud), _third: Loud) {
    note("end");
}

pub(crate) const RECORDS: &[&str] = &["used_backwards ok", "early ok", "early ok", "unused ok"];

pub(crate) fn run() -> String {
    let length = used_backwards(Loud("a"), Loud("b"), Loud("c"));
    note("/");
    for is_early in [true, false] {
        drop(early(Loud("a"), Loud("b"), Loud("c"), is_early));
        note("/");
    }
    unused(Loud("a"), (Loud("b"), Loud("c")), Loud("d"));
    format!("{length} {}", notes())
}
