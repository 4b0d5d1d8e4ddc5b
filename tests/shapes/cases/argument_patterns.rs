//! argument patterns: `mut`, tuple, struct, slice, `_`, `ref`, `@`

use super::measured;

struct Point {
    x: u8,
    y: u8,
}

struct Wrapped<T>(T);

#[measured]
fn sum(
    mut start: u8,
    (left, mut right): (u8, u8),
    Point { x, y: height }: Point,
    Wrapped([first, .., last]): Wrapped<[u8; 4]>,
    _: String,
) -> u8 {
    start += left;
    right += start;
    right + x + height + first + last
}

#[measured]
#[allow(clippy::toplevel_ref_arg, reason = "`ref` is one of the patterns")]
fn bound(
    ref mut total: u16,
    all @ [head, ..]: [u16; 3],
    &mut (ref first, _): &mut (String, u8),
) -> String {
    *total += head + all[2];
    format!("{first}{total}")
}

pub(crate) const RECORDS: &[&str] = &["sum ok", "bound ok"];

pub(crate) fn run() -> String {
    let (point, wrapped) = (Point { x: 4, y: 5 }, Wrapped([6, 0, 0, 7]));
    let sum = sum(1, (2, 3), point, wrapped, String::new());
    format!("{sum} {}", bound(1, [2, 3, 4], &mut ("a".to_owned(), 5)))
}
