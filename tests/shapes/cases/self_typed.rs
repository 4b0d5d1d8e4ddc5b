//! `self: Box<Self>`, `Rc<Self>`, `&Arc<Self>`, `Pin<&mut Self>`

use super::measured;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;

trait Counted {
    fn unbox(self: Box<Self>) -> u8;
}

struct Count(u8);

impl Counted for Count {
    #[measured]
    fn unbox(self: Box<Self>) -> u8 {
        let Self(number) = *self;
        number
    }
}

impl Count {
    #[measured]
    fn share(self: Rc<Self>) -> [Rc<Self>; 2] {
        [self.clone(), self]
    }

    #[measured]
    fn strong(self: &Arc<Self>) -> usize {
        Arc::strong_count(self)
    }

    #[measured]
    fn bump(mut self: Pin<&mut Self>) -> u8 {
        self.0 += 1;
        self.0
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Count::unbox ok",
    "Count::bump ok",
    "Count::share ok",
    "Count::strong ok",
];

pub(crate) fn run() -> String {
    let boxed: Box<dyn Counted> = Box::new(Count(1));
    let number = boxed.unbox();
    let bumped = pin!(Count(2)).as_mut().bump();
    let [one, other] = Rc::new(Count(3)).share();
    format!(
        "{number} {bumped} {} {}",
        one.0 + other.0,
        Arc::new(Count(4)).strong()
    )
}
