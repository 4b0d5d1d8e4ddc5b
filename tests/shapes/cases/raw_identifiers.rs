//! raw identifiers as names of functions, arguments and types

use super::measured;
use crate::support::{block_on, pause};

#[allow(non_camel_case_types, reason = "it is named like a keyword")]
struct r#type {
    r#fn: u8,
}

impl r#type {
    #[measured]
    fn get(&self, r#in: u8) -> u8 {
        self.r#fn + r#in
    }
}

#[measured]
async fn größe(r#await: u8, r#move: u8) -> u8 {
    pause().await;
    r#await + r#move
}

#[measured]
fn r#match(r#return: u8) -> u8 {
    r#return + 1
}

pub(crate) const RECORDS: &[&str] = &["match ok", "type::get ok", "größe ok"];

pub(crate) fn run() -> String {
    format!(
        "{} {} {}",
        r#match(1),
        r#type { r#fn: 2 }.get(3),
        block_on(größe(4, 5))
    )
}
