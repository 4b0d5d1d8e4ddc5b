//! `&Vec<T>` that becomes `&[T]` inside `Option` and `Result`

use super::measured;

struct Store {
    numbers: Vec<u8>,
    name: String,
}

impl Store {
    #[measured]
    fn some(&self) -> Option<&[u8]> {
        if self.numbers.is_empty() {
            return None;
        }
        Some(&self.numbers)
    }

    #[measured]
    fn all(&mut self) -> Result<&mut [u8], &str> {
        if self.numbers.is_empty() {
            return Err(&self.name);
        }
        Ok(&mut self.numbers)
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Store::some ok",
    "Store::all ok",
    "Store::some ok",
    "Store::all error(str)",
];

pub(crate) fn run() -> String {
    let mut full = Store {
        numbers: vec![1, 2],
        name: String::new(),
    };
    let mut empty = Store {
        numbers: vec![],
        name: "empty".to_owned(),
    };
    let full = format!("{:?} {:?}", full.some().map(<[u8]>::len), full.all());
    format!("{full} {} {:?}", empty.some().is_none(), empty.all())
}
