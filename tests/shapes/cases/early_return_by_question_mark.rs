//! `?` leaves early

use super::measured;

#[measured]
fn parse(text: &str) -> Result<u8, std::num::ParseIntError> {
    let number: u8 = text.parse()?;
    Ok(number + 1)
}

pub(crate) const RECORDS: &[&str] = &["parse ok", "parse error(ParseIntError)"];

pub(crate) fn run() -> String {
    format!("{:?} {:?}", parse("1"), parse("one"))
}
