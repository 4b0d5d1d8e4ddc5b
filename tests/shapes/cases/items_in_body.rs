//! imports, types, constants and traits inside the body

use super::measured;
use crate::support::{block_on, pause};

#[measured]
fn sync(text: &str) -> Vec<(char, usize)> {
    use std::collections::BTreeMap;
    const LEAST: usize = 2;
    static SKIPPED: char = ' ';
    #[derive(Default)]
    struct Counts(BTreeMap<char, usize>);
    trait Add {
        fn add(&mut self, letter: char);
    }
    impl Add for Counts {
        fn add(&mut self, letter: char) {
            *self.0.entry(letter).or_default() += 1;
        }
    }
    macro_rules! is_skipped {
        ($letter:ident) => {
            $letter == SKIPPED
        };
    }
    let mut counts = Counts::default();
    for letter in text.chars() {
        if is_skipped!(letter) {
            continue;
        }
        counts.add(letter);
    }
    counts
        .0
        .into_iter()
        .filter(|(_, count)| *count >= LEAST)
        .collect()
}

#[measured]
async fn later(number: u8) -> u8 {
    async fn inner(number: u8) -> u8 {
        pause().await;
        number + ADDED
    }
    const ADDED: u8 = 3;
    inner(number).await
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "later ok"];

pub(crate) fn run() -> String {
    format!("{:?} {}", sync("a b a c b"), block_on(later(1)))
}
