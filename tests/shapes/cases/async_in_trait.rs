//! async functions in traits: required, default, generic

use super::measured;
use crate::support::{block_on, pause};

trait Store {
    async fn get(&self, key: &str) -> Option<u8>;

    #[measured]
    async fn get_or(&self, key: &str, default: u8) -> u8 {
        self.get(key).await.unwrap_or(default)
    }
}

struct Memory<T>(T);

impl<T: AsRef<str>> Store for Memory<T> {
    #[measured]
    async fn get(&self, key: &str) -> Option<u8> {
        pause().await;
        if key.is_empty() {
            return None;
        }
        self.0
            .as_ref()
            .bytes()
            .find(|byte| key.as_bytes()[0] == *byte)
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Memory::get ok",
    "Store::get_or ok",
    "Memory::get ok",
    "Store::get_or ok",
];

pub(crate) fn run() -> String {
    let memory = Memory("abc");
    format!(
        "{} {}",
        block_on(memory.get_or("b", 1)),
        block_on(memory.get_or("", 1))
    )
}
