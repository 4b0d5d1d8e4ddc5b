//! a `dyn Trait` of another type at each `return`

use super::measured;
use std::fmt::Display;

#[measured]
fn shown(number: u8) -> Box<dyn Display> {
    if number == 0 {
        return Box::new("none");
    }
    if number == 1 {
        return Box::new('1');
    }
    Box::new(number)
}

struct Note {
    title: String,
    number: u8,
}

#[measured]
fn borrowed(note: &Note) -> &dyn Display {
    if note.title.is_empty() {
        return &note.number;
    }
    &note.title
}

pub(crate) const RECORDS: &[&str] = &[
    "shown ok",
    "shown ok",
    "shown ok",
    "borrowed ok",
    "borrowed ok",
];

pub(crate) fn run() -> String {
    let shown = [0, 1, 2].map(|number| shown(number).to_string());
    let borrowed = ["a", ""].map(|title| {
        let note = Note {
            title: title.to_owned(),
            number: 3,
        };
        borrowed(&note).to_string()
    });
    format!("{shown:?} {borrowed:?}")
}
