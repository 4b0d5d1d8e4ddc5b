//! made by `macro_rules!`: names, attributes, visibility, `self`

use super::measured;

macro_rules! define {
    ($(#[$attribute:meta])* $visible:vis fn $name:ident($($argument:ident: $of:ty),*) $body:tt) => {
        $(#[$attribute])*
        #[measured]
        $visible fn $name($($argument: $of),*) -> u8 $body
    };
}

macro_rules! getter {
    ($life:lifetime, $self:ident, $name:ident: $of:ty = $value:expr) => {
        #[measured]
        fn $name<$life>(&$life $self, result: u8) -> (&$life $of, u8) {
            let output = result + 1;
            ($value, output)
        }
    };
}

define! {
    /// Adds.
    #[inline]
    #[must_use]
    pub(super) fn add(left: u8, right: u8) {
        let result = left + right;
        result * 2
    }
}

struct Store(String);

impl Store {
    getter!('a, self, name: str = self.0.trim());
}

pub(crate) const RECORDS: &[&str] = &["add ok", "Store::name ok"];

pub(crate) fn run() -> String {
    format!("{} {:?}", add(1, 2), Store(" a ".to_owned()).name(3))
}
