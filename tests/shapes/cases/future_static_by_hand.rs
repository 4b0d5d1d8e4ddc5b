//! `-> impl Future + 'static`, made from a borrowed argument

use super::measured;
use crate::support::{assert_send, block_on, pause};
use std::future::Future;

#[measured]
fn length(text: &str) -> impl Future<Output = usize> + Send + 'static {
    let length = text.len();
    async move {
        pause().await;
        length
    }
}

#[measured]
fn captured(text: &str) -> impl Future<Output = String> + use<> {
    let text = text.to_uppercase();
    async move {
        pause().await;
        text
    }
}

#[measured]
fn boxed(numbers: &mut Vec<u8>) -> std::pin::Pin<Box<dyn Future<Output = Option<u8>>>> {
    let last = numbers.pop();
    Box::pin(async move {
        pause().await;
        last
    })
}

pub(crate) const RECORDS: &[&str] = &["length ok", "captured ok", "boxed ok"];

pub(crate) fn run() -> String {
    let mut numbers = vec![1, 2];
    let (length, captured) = {
        let text = "text".to_owned();
        (assert_send(length(&text)), captured(&text))
    };
    let last = boxed(&mut numbers);
    numbers.push(3);
    format!(
        "{} {} {:?} {numbers:?}",
        block_on(length),
        block_on(captured),
        block_on(last)
    )
}
