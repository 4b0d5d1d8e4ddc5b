//! an `extern "C"` function

use super::measured;

#[measured]
extern "C" fn double(number: u8) -> u8 {
    if number > 100 {
        return u8::MAX;
    }
    number * 2
}

#[measured]
extern "C-unwind" fn fill(numbers: &mut [u8; 2]) -> &mut u8 {
    numbers[0] = 1;
    &mut numbers[1]
}

pub(crate) const RECORDS: &[&str] = &["fill ok", "double ok", "double ok"];

pub(crate) fn run() -> String {
    let call: extern "C" fn(u8) -> u8 = double;
    let mut numbers = [0, 0];
    *fill(&mut numbers) = 7;
    format!("{} {} {numbers:?}", call(4), call(200))
}
