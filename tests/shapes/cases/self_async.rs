//! async methods with several kinds of `self`

use super::measured;
use crate::support::{block_on, pause};
use std::pin::{Pin, pin};
use std::sync::Arc;

struct Count(u8);

impl Count {
    #[measured]
    async fn set(&mut self, number: u8) -> &mut Self {
        pause().await;
        self.0 = number;
        self
    }

    #[measured]
    async fn bumped(mut self) -> Self {
        pause().await;
        self.0 += 1;
        self
    }

    #[measured]
    async fn share(self: Arc<Self>) -> [Arc<Self>; 2] {
        pause().await;
        [self.clone(), self]
    }

    #[measured]
    async fn bump(mut self: Pin<&mut Self>) -> u8 {
        pause().await;
        self.0 += 1;
        self.0
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Count::set ok",
    "Count::bumped ok",
    "Count::bump ok",
    "Count::share ok",
];

pub(crate) fn run() -> String {
    block_on(async {
        let mut count = Count(1);
        count.set(2).await.0 += 1;
        let mut count = pin!(count.bumped().await);
        let bumped = count.as_mut().bump().await;
        let [one, other] = Arc::new(Count(5)).share().await;
        format!("{bumped} {}", one.0 + other.0)
    })
}
