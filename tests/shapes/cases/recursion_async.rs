//! async recursion: a boxed future by hand, and a boxed call

use super::measured;
use crate::support::{block_on, pause};
use std::future::Future;
use std::pin::Pin;

#[measured]
fn factorial(number: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    if number < 2 {
        return Box::pin(std::future::ready(1));
    }
    Box::pin(async move {
        pause().await;
        number * factorial(number - 1).await
    })
}

#[measured]
async fn sum(numbers: &[u8]) -> u8 {
    let [first, rest @ ..] = numbers else {
        return 0;
    };
    pause().await;
    first + Box::pin(sum(rest)).await
}

pub(crate) const RECORDS: &[&str] = &[
    "factorial ok",
    "factorial ok",
    "factorial ok",
    "sum ok",
    "sum ok",
    "sum ok",
];

pub(crate) fn run() -> String {
    format!("{} {}", block_on(factorial(3)), block_on(sum(&[4, 5])))
}
