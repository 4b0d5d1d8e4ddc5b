//! made by `macro_rules!`, the body a `$body:block`

use super::measured;
use crate::support::{block_on, pause};

macro_rules! define {
    ($name:ident($argument:ident: $of:ty) -> $output:ty $body:block) => {
        #[measured]
        fn $name($argument: $of) -> $output $body
    };
    (async $name:ident($argument:ident: $of:ty) -> $output:ty $body:block) => {
        #[measured]
        async fn $name($argument: $of) -> $output $body
    };
}

define!(half(number: u8) -> Option<u8> {
    if number % 2 == 1 {
        return None;
    }
    Some(number / 2)
});

define!(async parse(text: &str) -> Result<u8, std::num::ParseIntError> {
    pause().await;
    let number: u8 = text.parse()?;
    Ok(number)
});

pub(crate) const RECORDS: &[&str] = &[
    "parse ok",
    "parse error(ParseIntError)",
    "half ok",
    "half ok",
];

pub(crate) fn run() -> String {
    let parsed = ["1", "x"].map(|text| block_on(parse(text)));
    format!("{:?} {:?} {parsed:?}", half(4), half(5))
}
