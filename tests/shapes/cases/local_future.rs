//! an async function whose future is not `Send`

use super::measured;
use crate::support::{block_on, pause};
use std::cell::RefCell;
use std::rc::Rc;

#[measured]
async fn push(list: Rc<RefCell<Vec<u8>>>, number: u8) -> Rc<RefCell<Vec<u8>>> {
    let other = Rc::clone(&list);
    pause().await;
    other.borrow_mut().push(number);
    list
}

pub(crate) const RECORDS: &[&str] = &["push ok"];

pub(crate) fn run() -> String {
    let list = Rc::new(RefCell::new(vec![1]));
    let pushed = block_on(push(list.clone(), 2));
    format!("{list:?} {}", Rc::strong_count(&pushed))
}
