//! made by `macro_rules!`, its types each a `$ty:ty`

use super::measured;
use crate::support::{block_on, pause};
use std::fmt::Display;

macro_rules! define {
    ($name:ident: $argument:ty => $output:ty, $make:expr) => {
        #[measured]
        fn $name(value: $argument) -> $output {
            let make: fn($argument) -> _ = $make;
            make(value)
        }
    };
    (async $name:ident => $output:ty, $make:expr) => {
        #[measured]
        async fn $name() -> $output {
            pause().await;
            $make
        }
    };
}

define!(shown: u8 => impl Display, |value| value + 1);
define!(parsed: &str => Result<u8, std::num::ParseIntError>, |value| value.parse());
define!(nothing: u8 => (), |value| assert!(value > 0));
define!(async boxed => Box<dyn Display>, Box::new("boxed"));

pub(crate) const RECORDS: &[&str] = &[
    "nothing ok",
    "shown ok",
    "parsed error(ParseIntError)",
    "boxed ok",
];

pub(crate) fn run() -> String {
    nothing(1);
    let (shown, parsed, boxed) = (shown(1), parsed("x"), block_on(boxed()));
    format!("{shown} {parsed:?} {boxed}")
}
