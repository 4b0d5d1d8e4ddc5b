//! `&mut` argument, returned as `&` on either side of a `Result`

use super::measured;

#[measured]
fn grow(number: &mut u8) -> Result<&u8, &u8> {
    *number += 1;
    if *number > 10 {
        return Err(number);
    }
    Ok(number)
}

pub(crate) const RECORDS: &[&str] = &["grow ok", "grow error(u8)"];

pub(crate) fn run() -> String {
    format!("{:?} {:?}", grow(&mut 1), grow(&mut 10))
}
