//! on a whole trait `impl` block

use super::measured;
use std::fmt;

struct Sum<T>(Vec<T>);

#[measured]
impl<T: fmt::Display> fmt::Display for Sum<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else {
            return Err(fmt::Error);
        };
        write!(f, "{first}")?;
        rest.iter().try_for_each(|number| write!(f, " + {number}"))
    }
}

#[measured]
impl<T> Iterator for Sum<T> {
    type Item = T;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.pop()
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "Sum::fmt ok",
    "Sum::fmt error(Error)",
    "Sum::next ok",
    "Sum::next ok",
];

pub(crate) fn run() -> String {
    use fmt::Write;

    let shown = Sum(vec![1, 2]).to_string();
    let refused = write!(String::new(), "{}", Sum::<u8>(vec![])).is_err();
    format!("{shown} {refused} {:?}", Sum(vec![3]).collect::<Vec<_>>())
}
