//! closures with a `return` of their own

use super::measured;

#[measured]
fn sum_of_even(numbers: &[u8]) -> Result<u8, String> {
    let half = |number: &u8| {
        if number % 2 == 1 {
            return Err(format!("{number} is odd"));
        }
        Ok(number / 2)
    };
    let mut sum = 0;
    for number in numbers {
        sum += half(number)?;
    }
    if sum == 0 {
        return Ok(u8::MAX);
    }
    Ok(sum)
}

pub(crate) const RECORDS: &[&str] = &[
    "sum_of_even ok",
    "sum_of_even ok",
    "sum_of_even error(String)",
];

pub(crate) fn run() -> String {
    let (some, none, odd) = (sum_of_even(&[2, 4]), sum_of_even(&[]), sum_of_even(&[2, 3]));
    format!("{some:?} {none:?} {odd:?}")
}
