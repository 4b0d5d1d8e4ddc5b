//! types inferred from the output: `collect`, `into`, `parse`

use super::measured;
use std::collections::BTreeMap;
use std::error::Error;

#[measured]
fn lengths(words: &[&str]) -> BTreeMap<String, usize> {
    words
        .iter()
        .map(|word| ((*word).into(), word.len()))
        .collect()
}

#[measured]
fn parse_all(words: &[&str]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    if words.is_empty() {
        return Err("nothing".into());
    }
    words.iter().map(|word| Ok(word.parse()?)).collect()
}

#[measured]
fn parsed(word: &str) -> Option<(u8, i64)> {
    Some((word.parse().ok()?, word.parse().unwrap_or_default()))
}

#[measured]
fn empty() -> [Vec<u8>; 2] {
    [Vec::new(), Vec::default()]
}

pub(crate) const RECORDS: &[&str] = &[
    "lengths ok",
    "parse_all ok",
    "parse_all error(Box)",
    "parse_all error(Box)",
    "parsed ok",
    "parsed ok",
    "empty ok",
];

pub(crate) fn run() -> String {
    let lengths = lengths(&["a", "bc"]);
    let all = [&["1", "2"][..], &["x"], &[]]
        .map(|words| parse_all(words).map_err(|error| error.to_string()));
    format!(
        "{lengths:?} {all:?} {:?} {:?} {:?}",
        parsed("1"),
        parsed("x"),
        empty()
    )
}
