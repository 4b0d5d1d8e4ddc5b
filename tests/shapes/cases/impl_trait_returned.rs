//! `-> impl Trait`, with a borrow and with an early return

use super::measured;

#[measured]
fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|letter| letter.is_alphabetic())
}

#[measured]
fn numbers(limit: u8) -> impl Iterator<Item = u8> {
    if limit > 100 {
        return 0..100;
    }
    0..limit
}

pub(crate) const RECORDS: &[&str] = &["letters ok", "numbers ok", "numbers ok"];

pub(crate) fn run() -> String {
    let letters: String = letters("a1b2").collect();
    format!("{letters} {} {}", numbers(3).count(), numbers(200).count())
}
