//! an async function that returns `impl Trait`

use super::measured;
use crate::support::{block_on, pause};
use std::fmt::Display;

#[measured]
async fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    pause().await;
    text.chars().rev()
}

#[measured]
async fn shown(text: &str) -> Result<Vec<impl Display>, std::num::ParseIntError> {
    let number: u8 = text.parse()?;
    pause().await;
    Ok(vec![number; 2])
}

pub(crate) const RECORDS: &[&str] = &["letters ok", "shown ok", "shown error(ParseIntError)"];

pub(crate) fn run() -> String {
    let letters: String = block_on(letters("abc")).collect();
    let shown = ["1", "x"].map(|text| block_on(shown(text)).map(|shown| shown.len()));
    format!("{letters} {shown:?}")
}
