//! a trait's default method, and an implementation's method

use super::measured;

trait Shop {
    fn price(&self) -> u8;

    #[measured]
    fn prices(&self, count: usize) -> Vec<u8> {
        vec![self.price(); count]
    }

    #[measured]
    fn open() -> Self
    where
        Self: Default,
    {
        Self::default()
    }
}

#[derive(Default)]
struct Bakery<T>(T);

impl<T: Copy + Into<u8>> Shop for Bakery<T> {
    #[measured]
    fn price(&self) -> u8 {
        self.0.into()
    }
}

impl Shop for u8 {
    #[measured]
    fn price(&self) -> u8 {
        *self
    }
}

impl Shop for dyn Fn() -> u8 {
    fn price(&self) -> u8 {
        self()
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Shop::open ok",
    "Bakery::price ok",
    "Shop::prices ok",
    "u8::price ok",
    "Shop::prices ok",
];

pub(crate) fn run() -> String {
    let bakery = Bakery::<u8>::open().prices(1);
    let number: &dyn Shop = &7_u8;
    let function: Box<dyn Fn() -> u8> = Box::new(|| 8);
    format!("{bakery:?} {:?} {:?}", number.price(), function.prices(2))
}
