//! a closure is returned, as `impl Fn` and as `Box<dyn FnMut>`

use super::measured;

#[measured]
fn add(number: u8) -> impl Fn(u8) -> u8 {
    move |other| number + other
}

#[measured]
fn counter(step: &u8) -> Box<dyn FnMut() -> u8 + '_> {
    if *step == 0 {
        return Box::new(|| 0);
    }
    let mut count = 0;
    Box::new(move || {
        count += step;
        count
    })
}

#[measured]
fn pusher(list: &mut Vec<u8>) -> impl FnMut(u8) + use<'_> {
    list.push(0);
    |number| list.push(number)
}

pub(crate) const RECORDS: &[&str] = &["counter ok", "pusher ok", "add ok", "counter ok"];

pub(crate) fn run() -> String {
    let (step, mut list) = (2, vec![]);
    let mut count = counter(&step);
    count();
    let mut push = pusher(&mut list);
    push(1);
    push(2);
    drop(push);
    format!("{} {} {} {list:?}", add(1)(2), count(), counter(&0)())
}
