//! `&String` and `&Box<T>` returned as `&str` and `&T`

use super::measured;

struct Note {
    title: Option<String>,
    name: String,
}

#[measured]
fn named(note: &Note) -> &str {
    if let Some(title) = &note.title {
        return title;
    }
    &note.name
}

#[measured]
fn unboxed(numbers: &[Box<u8>]) -> &u8 {
    for number in numbers {
        if **number > 1 {
            return number;
        }
    }
    &0
}

pub(crate) const RECORDS: &[&str] = &["named ok", "named ok", "unboxed ok", "unboxed ok"];

pub(crate) fn run() -> String {
    let titles = [Some("a".to_owned()), None].map(|title| {
        let note = Note {
            title,
            name: "b".to_owned(),
        };
        named(&note).to_owned()
    });
    let numbers = [Box::new(1), Box::new(2)];
    format!("{titles:?} {} {}", unboxed(&numbers), unboxed(&[]))
}
