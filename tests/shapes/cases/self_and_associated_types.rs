//! `Self` and associated types in the body and its items

use super::measured;

trait Shop {
    type Item: Default;
    const MOST: usize;
    fn sell(&self, count: usize) -> Result<Vec<Self::Item>, <Self as Shop>::Item>;
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Bakery {
    name: String,
}

impl Shop for Bakery {
    type Item = (Self, u8);
    const MOST: usize = 2;

    #[measured]
    fn sell(&self, count: usize) -> Result<Vec<Self::Item>, <Self as Shop>::Item> {
        struct Shelf(Vec<<Bakery as Shop>::Item>);
        impl Shelf {
            const EMPTY: Self = Self(Vec::new());
            fn put(mut self, item: <Bakery as Shop>::Item) -> Self {
                self.0.push(item);
                self
            }
        }
        let mut filled = Shelf::EMPTY;
        if count > Self::MOST {
            return Err(Self::Item::default());
        }
        for number in 0..u8::try_from(count).unwrap_or_default() {
            filled = filled.put((Self::clone(self), number));
        }
        Ok(filled.0)
    }
}

impl Bakery {
    #[measured]
    fn new(name: &str) -> Self {
        let Self { mut name } = Self {
            name: name.to_owned(),
        };
        name.push('!');
        Self { name }
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Bakery::new ok",
    "Bakery::sell ok",
    "Bakery::sell error(Bakery)",
];

pub(crate) fn run() -> String {
    let bakery = Bakery::new("b");
    format!("{:?} {:?}", bakery.sell(2), bakery.sell(3))
}
