//! on a test, on either side of `#[test]` and `#[should_panic]`

use super::measured;

#[measured]
fn double(number: u8) -> Option<u8> {
    number.checked_mul(2)
}

#[cfg(test)]
#[test]
#[measured]
fn below_test() {
    assert_eq!(double(2), Some(4));
}

#[cfg(test)]
#[measured]
#[test]
fn above_test() -> Result<(), &'static str> {
    let doubled = double(2).ok_or("too large")?;
    assert_eq!(doubled, 4);
    Ok(())
}

#[cfg(test)]
#[measured]
#[test]
#[should_panic(expected = "twice too large")]
fn panicking_test() {
    double(200).expect("twice too large");
}

pub(crate) const RECORDS: &[&str] = &["double ok", "double ok"];

pub(crate) fn run() -> String {
    format!("{:?} {:?}", double(1), double(200))
}
