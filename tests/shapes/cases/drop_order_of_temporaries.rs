//! drop order of the last expression's temporaries

use super::measured;
use crate::support::{Loud, block_on, note, notes, pause};

trait Length {
    fn length(&self) -> usize;
}

impl Length for Loud {
    fn length(&self) -> usize {
        note("length");
        self.0.len()
    }
}

#[measured]
fn last(_argument: Loud) -> usize {
    let _local = Loud("local");
    Loud("temporary").length()
}

#[measured]
fn matched(_argument: Loud) -> usize {
    let _local = Loud("local");
    match Loud("temporary").length() {
        0 => 1,
        length => length + Loud("arm").length(),
    }
}

#[measured]
async fn later(_argument: Loud) -> usize {
    let _local = Loud("local");
    pause().await;
    Loud("temporary").length()
}

pub(crate) const RECORDS: &[&str] = &["last ok", "matched ok", "later ok"];

pub(crate) fn run() -> String {
    let last = last(Loud("argument"));
    note("/");
    let matched = matched(Loud("argument"));
    note("/");
    let later = block_on(later(Loud("argument")));
    format!("{last} {matched} {later} {}", notes())
}
