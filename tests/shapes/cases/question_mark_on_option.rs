//! `?` on an `Option`

use super::measured;

#[measured]
fn second(text: &str) -> Option<char> {
    let mut rest = text.chars();
    rest.next()?;
    rest.next()
}

pub(crate) const RECORDS: &[&str] = &["second ok", "second ok", "second ok"];

pub(crate) fn run() -> String {
    format!("{:?} {:?} {:?}", second("ab"), second("a"), second(""))
}
