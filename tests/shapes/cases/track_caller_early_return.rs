//! `#[track_caller]` with an early `return`

use super::measured;
use std::panic::Location;

#[measured]
#[track_caller]
fn line(is_early: bool) -> u32 {
    if is_early {
        return Location::caller().line();
    }
    for number in 1.. {
        if number > 2 {
            return Location::caller().line() + number;
        }
    }
    0
}

#[measured]
#[track_caller]
fn push(lines: &mut Vec<u32>, is_wanted: bool) {
    if !is_wanted {
        return;
    }
    lines.push(Location::caller().line());
}

pub(crate) const RECORDS: &[&str] = &["line ok", "line ok", "push ok", "push ok"];

pub(crate) fn run() -> String {
    let mut lines = Vec::new();
    let (here, early, late) = (line!(), line(true), line(false));
    push(&mut lines, false);
    push(&mut lines, true);
    let lines: Vec<_> = lines.iter().map(|line| line.abs_diff(here)).collect();
    format!("{} {} {lines:?}", early.abs_diff(here), late.abs_diff(here))
}
