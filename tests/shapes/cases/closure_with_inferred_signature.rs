//! a closure is returned whose signature comes from `impl Fn`

use super::measured;

#[measured]
fn contains(values: Vec<u8>) -> impl Fn(&u8) -> bool {
    move |value| values.contains(value)
}

#[measured]
fn trimmed() -> impl Fn(&str) -> &str {
    |text| text.trim()
}

#[measured]
fn nested(one: u8) -> impl FnMut(u8) -> Box<dyn Fn(u8) -> u8> {
    move |two| Box::new(move |three| one + two + three)
}

#[measured]
#[track_caller]
fn in_place(one: u8) -> impl FnOnce(&u8) -> u8 {
    move |two| one + two
}

pub(crate) const RECORDS: &[&str] = &["contains ok", "trimmed ok", "nested ok", "in_place ok"];

pub(crate) fn run() -> String {
    let contained = contains(vec![1])(&1);
    let trimmed = trimmed()(" a ").to_owned();
    let mut nested = nested(1);
    format!("{contained} {trimmed} {} {}", nested(2)(3), in_place(1)(&2))
}
