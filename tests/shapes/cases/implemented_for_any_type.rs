//! methods of `dyn Trait`, of references, slices and arrays

use super::measured;

trait Shop {
    fn price(&self) -> u8;
}

impl dyn Shop {
    #[measured]
    fn twice(&self) -> u8 {
        self.price() * 2
    }
}

impl Shop for [u8] {
    #[measured]
    fn price(&self) -> u8 {
        self.iter().sum()
    }
}

impl Shop for [char; 2] {
    #[measured]
    fn price(&self) -> u8 {
        2
    }
}

impl Shop for &str {
    #[measured]
    fn price(&self) -> u8 {
        u8::try_from(self.len()).unwrap_or(u8::MAX)
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "[u8]::price ok",
    "[char; 2]::price ok",
    "&str::price ok",
    "Shop::twice ok",
];

pub(crate) fn run() -> String {
    let shop: Box<dyn Shop> = Box::new("ab");
    format!(
        "{} {} {}",
        [1, 2][..].price(),
        ['a', 'b'].price(),
        shop.twice()
    )
}
