//! `#[track_caller]` with `?` in a macro that shows its argument

use super::measured;

#[measured]
#[track_caller]
fn shown(number: Option<u8>) -> Option<&'static str> {
    Some(stringify!(number?)).filter(|_| number.is_some())
}

#[measured]
#[track_caller]
fn asserted(number: Option<u8>) -> Option<u8> {
    assert!(number? > 0, "more than none");
    number
}

pub(crate) const RECORDS: &[&str] = &["shown ok", "asserted ok", "asserted ok"];

pub(crate) fn run() -> String {
    format!("{:?} {:?} {:?}", shown(Some(1)), asserted(Some(1)), asserted(None))
}
