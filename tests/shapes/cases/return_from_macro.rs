//! a `return` hidden in a macro

use super::measured;

macro_rules! ensure {
    ($condition:expr, $error:expr) => {
        if !$condition {
            return Err($error.into());
        }
    };
}

#[measured]
fn check(number: u8) -> Result<u8, String> {
    ensure!(number < 10, "large");
    ensure!(number > 0, 'z');
    Ok(number)
}

pub(crate) const RECORDS: &[&str] = &["check ok", "check error(String)", "check error(String)"];

pub(crate) fn run() -> String {
    format!("{:?} {:?} {:?}", check(1), check(10), check(0))
}
