//! `impl Trait` inside other types: `Option<Vec<impl Display>>`

use super::measured;
use std::fmt::Display;

#[measured]
fn shown(numbers: &[u8]) -> Option<Vec<impl Display>> {
    if numbers.is_empty() {
        return None;
    }
    Some(numbers.iter().map(|number| number + 1).collect())
}

#[measured]
fn boxed(number: u8) -> Box<impl Display> {
    Box::new(number)
}

#[measured]
fn array(number: u8) -> [impl Display; 2] {
    [number, number + 1]
}

pub(crate) const RECORDS: &[&str] = &["shown ok", "shown ok", "boxed ok", "array ok"];

pub(crate) fn run() -> String {
    let some =
        shown(&[1, 2]).map(|shown| shown.iter().map(ToString::to_string).collect::<String>());
    let none = shown(&[]).is_none();
    format!(
        "{some:?} {none} {} {}",
        boxed(1),
        array(4).map(|shown| shown.to_string()).concat()
    )
}
