//! on functions and methods inside a function

use super::measured;
use crate::support::{block_on, pause};

fn sum(number: u8) -> u8 {
    struct Local(u8);
    impl Local {
        #[measured]
        fn get(&self) -> u8 {
            self.0
        }
    }
    #[measured]
    fn inner(number: u8) -> u8 {
        number + 1
    }
    #[measured]
    async fn later(number: u8) -> u8 {
        pause().await;
        number + 2
    }
    inner(number) + Local(number).get() + block_on(later(number))
}

#[measured]
fn outer(number: u8) -> u8 {
    let add = |number| {
        #[measured]
        fn inner(number: u8) -> u8 {
            number + 3
        }
        inner(number)
    };
    add(number)
}

pub(crate) const RECORDS: &[&str] = &[
    "sum::inner ok",
    "sum::Local::get ok",
    "sum::later ok",
    "outer::inner ok",
    "outer ok",
];

pub(crate) fn run() -> String {
    format!("{} {}", sum(1), outer(2))
}
