//! functions and closures that become `fn` pointers at a `return`

use super::measured;

fn double(number: u8) -> u8 {
    number * 2
}

fn triple(number: u8) -> u8 {
    number * 3
}

#[measured]
fn times(factor: u8) -> fn(u8) -> u8 {
    if factor == 2 {
        return double;
    }
    if factor == 3 {
        return triple;
    }
    |number| number
}

pub(crate) const RECORDS: &[&str] = &["times ok", "times ok", "times ok"];

pub(crate) fn run() -> String {
    format!("{} {} {}", times(2)(5), times(3)(5), times(4)(5))
}
