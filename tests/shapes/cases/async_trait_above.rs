//! above `#[async_trait]` on an `impl` block

use super::measured;
use crate::support::{assert_send, block_on, pause};
use async_trait::async_trait;
use std::num::ParseIntError;

#[async_trait]
trait Parser {
    fn name(&self) -> String;
    async fn parse(&self, text: &str) -> Result<u8, ParseIntError>;
}

struct Adding(u8);

#[measured]
#[async_trait]
impl Parser for Adding {
    fn name(&self) -> String {
        format!("+{}", self.0)
    }

    async fn parse(&self, text: &str) -> Result<u8, ParseIntError> {
        let number: u8 = text.parse()?;
        pause().await;
        Ok(number + self.0)
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Adding::name ok",
    "Adding::parse ok",
    "Adding::parse error(ParseIntError)",
];

pub(crate) fn run() -> String {
    let parser: Box<dyn Parser> = Box::new(Adding(1));
    let name = parser.name();
    let parsed = ["1", "x"].map(|text| block_on(assert_send(parser.parse(text))));
    format!("{name} {parsed:?}")
}
