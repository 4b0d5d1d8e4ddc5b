//! a `Result` by another name: an alias, `io::Result`, `fmt::Result`

use super::measured;
use crate::support::{block_on, pause};
use std::num::ParseIntError;
use std::{fmt, io};

type Parsed<T = u8> = Result<T, ParseIntError>;

trait Parser {
    type Output;
    fn parse(&self, text: &str) -> Self::Output;
}

struct Strict;

impl Parser for Strict {
    type Output = Result<u8, ParseIntError>;

    #[measured]
    fn parse(&self, text: &str) -> Self::Output {
        let number: u8 = text.parse()?;
        Ok(number)
    }
}

#[measured]
fn alias(text: &str) -> Parsed {
    text.parse()
}

#[measured]
fn read(text: &str) -> io::Result<usize> {
    if text.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.len())
}

#[measured]
async fn write(text: &str, to: &mut (dyn fmt::Write + Send)) -> fmt::Result {
    pause().await;
    if text.is_empty() {
        return Err(fmt::Error);
    }
    write!(to, "{text}")
}

pub(crate) const RECORDS: &[&str] = &[
    "alias ok",
    "alias error(ParseIntError)",
    "read ok",
    "read error(Error)",
    "write ok",
    "write error(Error)",
    "Strict::parse ok",
    "Strict::parse error(ParseIntError)",
];

pub(crate) fn run() -> String {
    let mut written = String::new();
    let parsed = ["1", "x"].map(alias);
    let read = ["a", ""].map(|text| read(text).map_err(|error| error.kind()));
    let write = ["b", ""].map(|text| block_on(write(text, &mut written)));
    let strict = ["2", "y"].map(|text| Strict.parse(text));
    format!("{parsed:?} {read:?} {write:?} {strict:?} {written}")
}
