//! `&mut` argument, reborrowed in the returned `Option`

use super::measured;

#[measured]
fn first_even(numbers: &mut Vec<u8>) -> Option<&mut u8> {
    numbers.push(2);
    let at = numbers.iter().position(|number| number % 2 == 0)?;
    if at == 0 {
        return numbers.first_mut();
    }
    numbers.get_mut(at)
}

pub(crate) const RECORDS: &[&str] = &["first_even ok", "first_even ok"];

pub(crate) fn run() -> String {
    let mut numbers = vec![1];
    if let Some(number) = first_even(&mut numbers) {
        *number = 7;
    }
    let mut even = vec![4];
    if let Some(number) = first_even(&mut even) {
        *number = 9;
    }
    format!("{numbers:?} {even:?}")
}
