//! an async function whose future is `Send`

use super::measured;
use crate::support::{assert_send, block_on, pause};
use std::future::Future;
use std::rc::Rc;

#[measured]
async fn sum(numbers: &mut [u8], name: String) -> Result<(u8, String), std::num::ParseIntError> {
    let length = {
        let shared = Rc::new(name.len());
        u8::try_from(*shared).unwrap_or_default()
    };
    let more: u8 = "3".parse()?;
    pause().await;
    numbers[0] += more + length;
    pause().await;
    Ok((numbers.iter().sum(), name))
}

#[measured]
async fn generic<T: Send, F: Future<Output = T> + Send>(future: F) -> T {
    pause().await;
    future.await
}

pub(crate) const RECORDS: &[&str] = &["sum ok", "generic ok"];

pub(crate) fn run() -> String {
    let mut numbers = [1, 2];
    let sum = block_on(assert_send(sum(&mut numbers, "name".to_owned())));
    let generic = block_on(assert_send(generic(async { 7 })));
    format!("{sum:?} {numbers:?} {generic}")
}
