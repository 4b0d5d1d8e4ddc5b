//! on a module whose items come from a macro as `$item:item`

use super::measured;

macro_rules! define {
    ($($item:item)*) => {
        #[measured]
        mod inside {
            $($item)*

            pub(super) fn own() -> u8 {
                1
            }
        }
    };
}

define! {
    pub(super) struct Store(pub(super) u8);

    impl Store {
        pub(super) fn sell(&self) -> u8 {
            self.0
        }
    }

    pub(super) fn given() -> u8 {
        2
    }
}

pub(crate) const RECORDS: &[&str] = &["inside::own ok", "inside::Store::sell ok", "inside::given ok"];

pub(crate) fn run() -> String {
    format!("{} {} {}", inside::own(), inside::Store(3).sell(), inside::given())
}
