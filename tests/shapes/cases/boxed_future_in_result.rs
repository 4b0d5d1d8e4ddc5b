//! an async function that returns a boxed future in a `Result`

use super::measured;
use crate::support::{block_on, pause};
use std::future::Future;
use std::pin::Pin;

#[measured]
async fn prepare(text: &str) -> Result<Pin<Box<dyn Future<Output = u8>>>, std::num::ParseIntError> {
    let number: u8 = text.parse()?;
    pause().await;
    if number == 0 {
        return Ok(Box::pin(std::future::ready(0)));
    }
    Ok(Box::pin(async move {
        pause().await;
        number + 1
    }))
}

pub(crate) const RECORDS: &[&str] = &["prepare ok", "prepare ok", "prepare error(ParseIntError)"];

pub(crate) fn run() -> String {
    let results = ["0", "1", "x"].map(|text| block_on(prepare(text)).map(block_on));
    format!("{results:?}")
}
