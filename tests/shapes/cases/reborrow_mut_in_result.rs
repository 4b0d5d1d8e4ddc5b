//! `&mut` argument, reborrowed in the returned `Result`

use super::measured;

#[measured]
fn last<'a>(numbers: &'a mut [u8], name: &str) -> Result<&'a mut u8, String> {
    match numbers {
        [] => Err(format!("{name} is empty")),
        [.., last] => Ok(last),
    }
}

pub(crate) const RECORDS: &[&str] = &["last ok", "last error(String)"];

pub(crate) fn run() -> String {
    let mut numbers = [1, 2];
    if let Ok(number) = last(&mut numbers, "numbers") {
        *number += 5;
    }
    let none = last(&mut [], "none").map(|number| *number);
    format!("{numbers:?} {none:?}")
}
