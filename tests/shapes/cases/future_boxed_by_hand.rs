//! `-> Pin<Box<dyn Future + Send + '_>>` by hand

use super::measured;
use crate::support::{assert_send, block_on, note, notes, pause};
use std::future::Future;
use std::num::ParseIntError;
use std::pin::Pin;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

struct Adding(u8);

impl Adding {
    #[measured]
    fn parse<'a>(
        &'a self,
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<u8, ParseIntError>> + Send + 'a>> {
        Box::pin(async move {
            note("polled");
            let number: u8 = text.parse()?;
            pause().await;
            Ok(number + self.0)
        })
    }

    #[measured]
    fn get(&self, is_ready: bool) -> Pin<Box<dyn Future<Output = u8> + Send + '_>> {
        note("called");
        if is_ready {
            return Box::pin(std::future::ready(self.0));
        }
        let future = async {
            pause().await;
            self.0 + 1
        };
        Box::pin(future)
    }

    #[measured]
    fn by_alias(&mut self) -> Boxed<'_, &mut u8> {
        self.0 += 1;
        Box::pin(async {
            pause().await;
            &mut self.0
        })
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Adding::parse ok",
    "Adding::parse error(ParseIntError)",
    "Adding::get ok",
    "Adding::get ok",
    "Adding::by_alias ok",
];

pub(crate) fn run() -> String {
    let mut adding = Adding(1);
    let parsed = ["1", "x"].map(|text| block_on(assert_send(adding.parse(text))));
    let got = [true, false].map(|is_ready| {
        let future = assert_send(adding.get(is_ready));
        note("made");
        block_on(future)
    });
    *block_on(adding.by_alias()) += 5;
    format!("{parsed:?} {got:?} {} {}", adding.0, notes())
}
