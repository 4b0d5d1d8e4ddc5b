//! async blocks and async closures with a `return` of their own

use super::measured;
use crate::support::{block_on, pause};

#[measured]
async fn both(number: u8) -> Result<u8, &'static str> {
    let half = async {
        pause().await;
        if number % 2 == 1 {
            return Err("odd");
        }
        Ok(number / 2)
    };
    let check = async |limit: u8| {
        if number > limit {
            return Err("large");
        }
        Ok(())
    };
    check(100).await?;
    let half = half.await?;
    Ok(half)
}

pub(crate) const RECORDS: &[&str] = &["both ok", "both error(str)", "both error(str)"];

pub(crate) fn run() -> String {
    format!("{:?}", [4, 5, 200].map(|number| block_on(both(number))))
}
