//! `self` is taken apart, and one field of an argument is moved

use super::measured;
use crate::support::{Loud, note, notes};

struct Pair {
    left: Loud,
    right: Loud,
}

impl Pair {
    #[measured]
    fn left(self) -> Loud {
        let Self {
            left,
            right: _right,
        } = self;
        note("taken");
        left
    }

    #[measured]
    fn right(self, other: Pair) -> Loud {
        drop(other.left);
        note("moved");
        self.right
    }
}

pub(crate) const RECORDS: &[&str] = &["Pair::left ok", "Pair::right ok"];

pub(crate) fn run() -> String {
    let pair = |left, right| Pair {
        left: Loud(left),
        right: Loud(right),
    };
    let left = pair("a", "b").left();
    let right = pair("c", "d").right(pair("e", "f"));
    note("returned");
    drop((left, right));
    notes()
}
