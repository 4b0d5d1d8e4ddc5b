//! on a trait under `#[async_trait]`, on either side of it

use super::measured;
use crate::support::{block_on, pause};
use async_trait::async_trait;

#[measured]
#[async_trait]
trait Above: Sync {
    async fn get(&self) -> u8;

    async fn get_twice(&self) -> u8 {
        pause().await;
        self.get().await + self.get().await
    }
}

#[async_trait(?Send)]
#[measured]
trait Below {
    async fn put(&mut self, number: u8);

    async fn put_all(&mut self, numbers: &[u8]) -> Result<(), &'static str> {
        if numbers.is_empty() {
            return Err("empty");
        }
        for number in numbers {
            self.put(*number).await;
        }
        Ok(())
    }
}

struct Cell(u8);

#[async_trait]
impl Above for Cell {
    async fn get(&self) -> u8 {
        self.0
    }
}

#[async_trait(?Send)]
impl Below for Cell {
    async fn put(&mut self, number: u8) {
        self.0 += number;
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Below::put_all ok",
    "Below::put_all error(str)",
    "Above::get_twice ok",
];

pub(crate) fn run() -> String {
    let mut cell = Cell(1);
    let put = [&[2, 3][..], &[]].map(|numbers| block_on(cell.put_all(numbers)));
    format!("{put:?} {}", block_on(cell.get_twice()))
}
