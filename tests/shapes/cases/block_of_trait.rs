//! on a whole `trait`, with methods that have no body

use super::measured;
use crate::support::{block_on, pause};

#[measured]
trait Shop {
    type Item;
    const NAME: &'static str = "shop";

    fn item(&self) -> Self::Item;

    fn items(&self, count: usize) -> Vec<Self::Item> {
        if count > 2 {
            return Vec::new();
        }
        std::iter::repeat_with(|| self.item()).take(count).collect()
    }

    fn name() -> &'static str
    where
        Self: Sized,
    {
        Self::NAME
    }

    async fn wait(&self) -> Result<Self::Item, &'static str>
    where
        Self: Sized,
    {
        pause().await;
        Ok(self.item())
    }
}

struct Bakery(u8);

impl Shop for Bakery {
    type Item = u8;

    fn item(&self) -> u8 {
        self.0
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Shop::items ok",
    "Shop::items ok",
    "Shop::name ok",
    "Shop::wait ok",
];

pub(crate) fn run() -> String {
    let bakery = Bakery(1);
    format!(
        "{:?} {:?} {} {:?}",
        bakery.items(2),
        bakery.items(3),
        Bakery::name(),
        block_on(bakery.wait())
    )
}
