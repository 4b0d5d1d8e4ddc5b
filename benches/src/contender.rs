//! The ways of doing it.

use std::fmt;

/// One way of doing it: a name, and what does it so many times.
pub struct Contender<'a> {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnMut(u32) + 'a>,
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Contender<'_> {
    /// Does it so many times, outside of any round.
    pub fn run(&mut self, times: u32) {
        (self.run)(times);
    }
}

/// Names a way of doing it.
pub fn contender<'a>(name: &str, mut once: impl FnMut() + 'a) -> Contender<'a> {
    batch(name, move |times| (0..times).for_each(|_| once()))
}

/// Names a way of doing it that is entered once for many times, such as a runtime.
pub fn batch<'a>(name: &str, run: impl FnMut(u32) + 'a) -> Contender<'a> {
    Contender {
        name: name.to_owned(),
        run: Box::new(run),
    }
}
