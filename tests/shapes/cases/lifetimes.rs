//! lifetimes: elided, named, of the type, and for any lifetime

use super::measured;

struct Reader<'text> {
    rest: &'text str,
}

impl<'text> Reader<'text> {
    #[measured]
    fn word(&mut self, end: &str) -> Option<&'text str> {
        let (word, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(word)
    }

    #[measured]
    fn rest(&mut self, _end: &str) -> &str {
        self.rest = self.rest.trim();
        self.rest
    }
}

#[measured]
fn longest<'a>(one: &'a str, other: &'a str) -> &'a str {
    if one.len() > other.len() {
        return one;
    }
    other
}

#[measured]
fn outlived<'long: 'short, 'short>(
    one: &'long str,
    other: &'short str,
) -> (&'long str, &'short str) {
    (one, other)
}

#[measured]
fn applied<F>(text: &str, map: F) -> usize
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    map(text).len()
}

pub(crate) const RECORDS: &[&str] = &[
    "Reader::word ok",
    "Reader::rest ok",
    "longest ok",
    "outlived ok",
    "applied ok",
];

pub(crate) fn run() -> String {
    let mut reader = Reader { rest: "a, b" };
    let word = reader.word(",");
    let rest = reader.rest(",");
    format!(
        "{word:?} {rest} {} {:?} {}",
        longest("a", "bc"),
        outlived("a", "b"),
        applied(" a ", str::trim)
    )
}
