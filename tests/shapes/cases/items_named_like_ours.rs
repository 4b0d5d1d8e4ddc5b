//! items and locals named like what an attribute generates

use super::measured;
use crate::support::{block_on, pause};

static CALLSITE: u8 = 1;
static CALLER: u8 = 2;

fn call(number: u8) -> u8 {
    number + 1
}

fn fields(number: u8) -> u8 {
    number + 2
}

fn new(number: u8) -> u8 {
    number + 3
}

#[measured]
fn sync(body: u8, callsite: u8) -> Result<u8, String> {
    const NAME: u8 = 5;
    fn name(number: u8) -> u8 {
        number + NAME
    }
    let result = call(body) + CALLSITE + CALLER;
    let output = fields(result) + name(callsite);
    let outcome = new(output);
    if outcome > 100 {
        return Err(format!("{result} {output}"));
    }
    Ok(outcome)
}

#[measured]
async fn later(future: u8, this: u8, context: u8) -> u8 {
    let timer = call(future) + CALLSITE + CALLER;
    pause().await;
    let guard = fields(this) + timer;
    let span = new(context);
    guard + span
}

pub(crate) const RECORDS: &[&str] = &["sync ok", "sync error(String)", "later ok"];

pub(crate) fn run() -> String {
    format!(
        "{:?} {:?} {}",
        sync(1, 2),
        sync(90, 2),
        block_on(later(1, 2, 3))
    )
}
