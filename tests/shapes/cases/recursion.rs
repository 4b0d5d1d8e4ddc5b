//! a recursive function

use super::measured;

#[measured]
fn factorial(number: u64) -> u64 {
    if number < 2 {
        return 1;
    }
    number * factorial(number - 1)
}

#[measured]
fn is_even(number: u8) -> bool {
    number == 0 || is_odd(number - 1)
}

#[measured]
fn is_odd(number: u8) -> bool {
    number != 0 && is_even(number - 1)
}

pub(crate) const RECORDS: &[&str] = &[
    "factorial ok",
    "factorial ok",
    "factorial ok",
    "is_even ok",
    "is_odd ok",
    "is_even ok",
];

pub(crate) fn run() -> String {
    format!("{} {}", factorial(3), is_even(2))
}
