//! `self`, `mut self`, `&self`, `&mut self`

use super::measured;

#[derive(Clone, Copy)]
struct Count(u8);

impl Count {
    #[measured]
    fn get(&self) -> &u8 {
        &self.0
    }

    #[measured]
    fn set(&mut self, number: u8) {
        self.0 = number;
    }

    #[measured]
    fn take(self) -> u8 {
        self.0
    }

    #[measured]
    fn bumped(mut self) -> Self {
        self.0 += 1;
        self
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Count::set ok",
    "Count::bumped ok",
    "Count::get ok",
    "Count::take ok",
];

pub(crate) fn run() -> String {
    let mut count = Count(1);
    count.set(2);
    let bumped = count.bumped();
    format!("{} {}", bumped.get(), count.take())
}
