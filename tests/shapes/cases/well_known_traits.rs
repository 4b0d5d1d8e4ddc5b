//! methods of `Drop`, `Iterator`, `FromStr`, `Index`, `Add`, `From`

use super::measured;
use crate::support::{note, notes};
use std::ops::{Add, Index, IndexMut};

#[derive(Debug)]
struct Count(u8);

impl Drop for Count {
    #[measured]
    fn drop(&mut self) {
        if self.0 == 0 {
            return;
        }
        note("dropped");
    }
}

impl Iterator for Count {
    type Item = u8;

    #[measured]
    fn next(&mut self) -> Option<u8> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

impl std::str::FromStr for Count {
    type Err = std::num::ParseIntError;

    #[measured]
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse()?))
    }
}

struct Row(Vec<u8>);

impl Index<usize> for Row {
    type Output = u8;

    #[measured]
    fn index(&self, at: usize) -> &Self::Output {
        &self.0[at]
    }
}

impl IndexMut<usize> for Row {
    #[measured]
    fn index_mut(&mut self, at: usize) -> &mut Self::Output {
        &mut self.0[at]
    }
}

impl Add<u8> for Row {
    type Output = Self;

    #[measured]
    fn add(mut self, number: u8) -> Self::Output {
        self.0.push(number);
        self
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Count::from_str error(ParseIntError)",
    "Count::from_str ok",
    "Count::next ok",
    "Count::next ok",
    "Count::drop ok",
    "Count::drop ok",
    "Row::add ok",
    "Row::index_mut ok",
    "Row::index ok",
];

pub(crate) fn run() -> String {
    let refused = "x".parse::<Count>();
    let numbers: Option<Vec<u8>> = "1".parse().ok().map(Count::collect);
    drop(Count(2));
    let mut row = Row(vec![1]) + 2;
    row[0] = 9;
    format!("{refused:?} {numbers:?} {} {}", row[0], notes())
}
