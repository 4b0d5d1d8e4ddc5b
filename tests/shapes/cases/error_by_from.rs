//! `?` that converts the error, by `From` and into a box

use super::measured;
use crate::support::{block_on, pause};
use std::num::ParseIntError;

#[derive(Debug)]
enum ShopError {
    Number(ParseIntError),
    Closed,
}

impl From<ParseIntError> for ShopError {
    fn from(error: ParseIntError) -> Self {
        Self::Number(error)
    }
}

#[measured]
fn sync(text: &str) -> Result<u8, ShopError> {
    let number: u8 = text.parse()?;
    if number == 0 {
        Err(ShopError::Closed)?;
    }
    Ok(number)
}

#[measured]
async fn later(text: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    pause().await;
    let number: u8 = text.parse()?;
    if number == 0 {
        Err("closed")?;
    }
    Ok(())
}

pub(crate) const RECORDS: &[&str] = &[
    "sync ok",
    "sync error(ShopError)",
    "sync error(ShopError)",
    "later ok",
    "later error(Box)",
    "later error(Box)",
];

pub(crate) fn run() -> String {
    let sync = ["1", "0", "x"].map(sync);
    if let Err(ShopError::Number(error)) = &sync[2] {
        assert_eq!(error.to_string(), "invalid digit found in string");
    }
    let later =
        ["1", "0", "x"].map(|text| block_on(later(text)).map_err(|error| error.to_string()));
    format!("{sync:?} {later:?}")
}
