//! on a method inside `#[async_trait] impl`

use super::measured;
use crate::support::{assert_send, block_on, pause};
use async_trait::async_trait;
use std::num::ParseIntError;

#[async_trait]
trait Parser: Sync {
    async fn parse(&self, text: &str) -> Result<u8, ParseIntError>;

    #[measured]
    async fn parse_or(&self, text: &str, default: u8) -> u8 {
        self.parse(text).await.unwrap_or(default)
    }
}

struct Adding<T>(T);

#[async_trait]
impl<T: Copy + Into<u8> + Sync> Parser for Adding<T> {
    #[measured]
    async fn parse(&self, text: &str) -> Result<u8, ParseIntError> {
        let number: u8 = text.parse()?;
        pause().await;
        Ok(number + self.0.into())
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Adding::parse ok",
    "Adding::parse error(ParseIntError)",
    "Adding::parse error(ParseIntError)",
    "Parser::parse_or ok",
];

pub(crate) fn run() -> String {
    let parser: &dyn Parser = &Adding(1_u8);
    let parsed = ["1", "x"].map(|text| block_on(assert_send(parser.parse(text))));
    format!("{parsed:?} {}", block_on(parser.parse_or("y", 7)))
}
