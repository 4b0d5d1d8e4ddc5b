//! a local module named like the attribute's crate

use super::measured;
use crate::support::{block_on, pause};

macro_rules! modules {
    ($($name:ident)*) => {
        $(mod $name {
            pub(super) mod __private {
                pub(in super::super) fn call(number: u8) -> u8 {
                    number + 1
                }
            }
        })*
    };
}

modules!(starpunk_metrics tracing fastrace hotpath autometrics);

#[measured]
fn sync(number: u8) -> Option<u8> {
    if number == 0 {
        return None;
    }
    Some(starpunk_metrics::__private::call(number) + tracing::__private::call(number))
}

#[measured]
async fn later(number: u8) -> Result<u8, char> {
    pause().await;
    if number == 0 {
        return Err('z');
    }
    Ok(fastrace::__private::call(number)
        + hotpath::__private::call(number)
        + autometrics::__private::call(number))
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "sync ok", "later error(char)", "later ok"];

pub(crate) fn run() -> String {
    format!(
        "{:?} {:?} {:?}",
        sync(0),
        sync(1),
        [0, 1].map(|number| block_on(later(number)))
    )
}
