//! async, types inferred from the output

use super::measured;
use crate::support::{block_on, pause};
use std::collections::BTreeMap;
use std::error::Error;

#[measured]
async fn lengths(words: &[&str]) -> BTreeMap<String, usize> {
    pause().await;
    words
        .iter()
        .map(|word| ((*word).into(), word.len()))
        .collect()
}

#[measured]
async fn parse_all(words: &[&str]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    if words.is_empty() {
        return Err("nothing".into());
    }
    pause().await;
    words.iter().map(|word| Ok(word.parse()?)).collect()
}

pub(crate) const RECORDS: &[&str] = &[
    "lengths ok",
    "parse_all ok",
    "parse_all error(Box)",
    "parse_all error(Box)",
];

pub(crate) fn run() -> String {
    let lengths = block_on(lengths(&["a", "bc"]));
    let all = [&["1", "2"][..], &["x"], &[]].map(|words| {
        let parsed = block_on(parse_all(words));
        parsed.map_err(|error| error.to_string())
    });
    format!("{lengths:?} {all:?}")
}
