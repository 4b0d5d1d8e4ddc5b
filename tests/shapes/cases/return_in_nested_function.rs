//! a function inside the function, with its own `return`

use super::measured;

#[measured]
fn outer(number: u8) -> &'static str {
    fn is_small(number: u8) -> bool {
        if number > 10 {
            return false;
        }
        number > 0
    }
    if is_small(number) {
        return "small";
    }
    "other"
}

pub(crate) const RECORDS: &[&str] = &["outer ok", "outer ok"];

pub(crate) fn run() -> String {
    format!("{} {}", outer(1), outer(11))
}
