//! an output that works on the arguments only after the return

use super::measured;
use crate::support::{Loud, note, notes};

#[measured]
fn evens<'a>(numbers: &'a [u8], loud: &'a Loud) -> impl Iterator<Item = u8> + use<'a> {
    note("called");
    numbers.iter().copied().filter(|number| {
        note(loud.0);
        number % 2 == 0
    })
}

#[measured]
fn draining(list: &mut Vec<Loud>) -> std::vec::Drain<'_, Loud> {
    list.drain(1..)
}

#[measured]
fn guard(list: &std::cell::RefCell<Vec<u8>>) -> std::cell::RefMut<'_, [u8]> {
    std::cell::RefMut::map(list.borrow_mut(), Vec::as_mut_slice)
}

pub(crate) const RECORDS: &[&str] = &["evens ok", "draining ok", "guard ok"];

pub(crate) fn run() -> String {
    let (loud, mut list) = (Loud("asked"), vec![Loud("a"), Loud("b")]);
    let evens = evens(&[1, 2], &loud);
    note("returned");
    let evens: Vec<_> = evens.collect();
    drop(draining(&mut list));
    let cell = std::cell::RefCell::new(vec![1, 2]);
    guard(&cell).reverse();
    let length = list.len();
    drop((list, loud));
    format!("{evens:?} {length} {cell:?} {}", notes())
}
