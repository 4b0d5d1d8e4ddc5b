//! `#[track_caller]` on methods, of a type and of a trait

use super::measured;
use std::ops::Index;
use std::panic::Location;

struct Row(Vec<u32>);

impl Row {
    #[measured]
    #[track_caller]
    fn push(&mut self, number: u32) -> &mut u32 {
        if number == 0 {
            self.0.push(0);
        } else {
            self.0.push(Location::caller().line());
        }
        let at = self.0.len() - 1;
        &mut self.0[at]
    }

    #[measured]
    #[track_caller]
    fn lines<T: Into<u32>>(self, from: T) -> impl Iterator<Item = u32> {
        let (here, from) = (Location::caller().line(), from.into());
        self.0
            .into_iter()
            .map(move |line| line.saturating_sub(from) + here.abs_diff(from))
    }
}

impl Index<usize> for Row {
    type Output = u32;

    #[measured]
    #[track_caller]
    fn index(&self, at: usize) -> &u32 {
        self.0.get(at).expect("a row has it")
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Row::push ok",
    "Row::push ok",
    "Row::index ok",
    "Row::lines ok",
];

pub(crate) fn run() -> String {
    let mut row = Row(vec![]);
    let here = line!();
    *row.push(1) += 1;
    row.push(0);
    let second = row[1];
    format!("{second} {:?}", row.lines(here).collect::<Vec<_>>())
}
