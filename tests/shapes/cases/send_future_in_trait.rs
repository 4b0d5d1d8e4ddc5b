//! a trait's `-> impl Future + Send`, implemented as `async fn`

use super::measured;
use crate::support::{assert_send, block_on, pause};
use std::future::Future;
use std::num::ParseIntError;

trait Parser {
    fn parse(&self, text: &str) -> impl Future<Output = Result<u8, ParseIntError>> + Send;

    #[measured]
    fn parse_one(&self) -> impl Future<Output = u8> + Send
    where
        Self: Sync,
    {
        async { self.parse("1").await.unwrap_or_default() }
    }
}

struct Adding(u8);

impl Parser for Adding {
    #[measured]
    async fn parse(&self, text: &str) -> Result<u8, ParseIntError> {
        let number: u8 = text.parse()?;
        pause().await;
        Ok(number + self.0)
    }
}

struct Fixed;

impl Parser for Fixed {
    #[measured]
    fn parse(&self, text: &str) -> impl Future<Output = Result<u8, ParseIntError>> + Send {
        let parsed = text.parse();
        async move {
            pause().await;
            parsed
        }
    }
}

async fn both(parser: &(impl Parser + Sync)) -> (u8, Result<u8, ParseIntError>) {
    (parser.parse_one().await, parser.parse("x").await)
}

pub(crate) const RECORDS: &[&str] = &[
    "Adding::parse ok",
    "Parser::parse_one ok",
    "Adding::parse error(ParseIntError)",
    "Fixed::parse ok",
    "Parser::parse_one ok",
    "Fixed::parse error(ParseIntError)",
];

pub(crate) fn run() -> String {
    let adding = block_on(assert_send(both(&Adding(1))));
    format!("{adding:?} {:?}", block_on(assert_send(both(&Fixed))))
}
