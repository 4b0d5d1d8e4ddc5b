//! a glob import in the body that shadows the type of the output

use super::measured;
use crate::support::{block_on, pause};

#[derive(Debug, PartialEq)]
struct Number(u8);

mod other {
    pub(super) struct Number;
    pub(super) enum Result {
        Small,
        Large,
    }
}

#[measured]
#[allow(clippy::wildcard_imports, reason = "the shape is the glob import")]
fn sync(number: u8) -> Number {
    use other::*;
    let size = if number > 10 {
        Result::Large
    } else {
        Result::Small
    };
    let Number = Number;
    if matches!(size, Result::Large) {
        return super::glob_shadows_output::Number(1);
    }
    super::glob_shadows_output::Number(0)
}

#[measured]
#[allow(clippy::wildcard_imports, reason = "the shape is the glob import")]
async fn later(number: u8) -> Result<Number, u8> {
    use other::*;
    pause().await;
    if number > 10 {
        return Err(number);
    }
    let Number = Number;
    Ok(super::glob_shadows_output::Number(number))
}

pub(crate) const RECORDS: &[&str] = &["later ok", "later error(u8)", "sync ok", "sync ok"];

pub(crate) fn run() -> String {
    let later = [1, 11].map(|number| block_on(later(number)));
    format!("{:?} {:?} {later:?}", sync(1), sync(11))
}
