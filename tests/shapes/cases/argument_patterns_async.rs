//! an async function with argument patterns of every kind

use super::measured;
use crate::support::{block_on, pause};

struct Point {
    x: u8,
    y: u8,
}

#[measured]
#[allow(clippy::toplevel_ref_arg, reason = "`ref` is one of the patterns")]
async fn sum(
    mut start: u8,
    (left, mut right): (u8, u8),
    Point { x, y: height }: Point,
    [first, .., last]: [u8; 4],
    _: String,
    ref mut text: [char; 2],
    all @ [head, ..]: [u8; 3],
) -> (u8, String) {
    start += left;
    pause().await;
    text.reverse();
    right += start;
    let sum = right + x + height + first + last + head + all[2];
    (sum, text.iter().collect())
}

pub(crate) const RECORDS: &[&str] = &["sum ok"];

pub(crate) fn run() -> String {
    let (point, text) = (Point { x: 4, y: 5 }, ['a', 'b']);
    let sum = block_on(sum(
        1,
        (2, 3),
        point,
        [6, 0, 0, 7],
        String::new(),
        text,
        [8, 0, 9],
    ));
    format!("{sum:?}")
}
