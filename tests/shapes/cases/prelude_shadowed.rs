//! shadowed `Some`, `Ok`, `Err`, `Result`, `Option`, `Box`, `Vec`

use super::measured;
use crate::support::{block_on, pause};

#[allow(dead_code, reason = "they are there to be in the way")]
mod names {
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) struct Box;
    pub(super) struct Vec;
    pub(super) struct String;
    pub(super) struct Option<T>(pub(super) T);
    pub(super) struct Result<T>(pub(super) T);
    pub(super) trait Future {}
    pub(super) trait From {}
    pub(super) trait FnOnce {}
    pub(super) trait Drop {}
    pub(super) trait Fn {}
    #[expect(non_snake_case, reason = "it is named like the variant")]
    pub(super) fn Ok(number: u8) -> u8 {
        number + 1
    }
    #[expect(non_snake_case, reason = "it is named like the variant")]
    pub(super) fn Err(number: u8) -> u8 {
        number + 2
    }
}
#[allow(unused_imports, reason = "they are there to be in the way")]
use names::{
    Box, Drop, Err, Fn, FnOnce, From, Future, None, Ok, Option, Result, Some, String, Vec,
};

#[measured]
fn sync(number: u8) -> Result<Option<u8>> {
    if number == 0 {
        return Result(Option(Ok(number)));
    }
    Result(Option(Err(number)))
}

#[measured]
async fn later(number: u8) -> Result<u8> {
    pause().await;
    Result(Ok(number))
}

pub(crate) const RECORDS: &[&str] = &["later ok", "sync ok", "sync ok"];

pub(crate) fn run() -> std::string::String {
    let Result(later) = block_on(later(5));
    format!("{} {} {later}", sync(0).0.0, sync(1).0.0)
}
