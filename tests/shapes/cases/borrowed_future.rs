//! a future kept while what it borrows is used

use super::measured;
use crate::support::{block_on, pause};
use std::cell::{Cell, RefCell};

#[measured]
async fn add<'a>(cell: &'a Cell<u8>, list: &RefCell<Vec<&'a Cell<u8>>>) -> &'a Cell<u8> {
    cell.set(cell.get() + 1);
    list.borrow_mut().push(cell);
    pause().await;
    cell.set(cell.get() + 1);
    cell
}

#[measured]
async fn fill(list: &mut Vec<String>, text: &str) -> usize {
    list.push(text.to_owned());
    pause().await;
    list.last_mut().map_or(0, |last| {
        last.push('!');
        last.len()
    })
}

pub(crate) const RECORDS: &[&str] = &["add ok", "fill ok"];

pub(crate) fn run() -> String {
    let (cell, list) = (Cell::new(1), RefCell::default());
    let mut future = Box::pin(add(&cell, &list));
    let before = cell.get();
    let after = block_on(future.as_mut()).get();
    drop(future);
    let mut texts = vec![];
    let length = block_on(fill(&mut texts, "a"));
    format!(
        "{before} {after} {} {length} {texts:?}",
        list.borrow().len()
    )
}
