//! Finds how a call ended from what it returned: by its type, without a bound on it.

use std::any::type_name;

use crate::model::operation::Outcome;

/// What a call returned, to be asked for its outcome.
///
/// A `Result` has an answer of its own; for every other type the method of [`AnyOutput`] is found, which is how the
/// compiler tells them apart.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

impl<T, E> Probe<'_, Result<T, E>> {
    /// An `Err` is an error of the class that its type is named after.
    #[inline]
    pub fn outcome(&self) -> Outcome {
        match self.0 {
            Ok(_) => Outcome::Ok,
            Err(_) => Outcome::Error(short_type_name(type_name::<E>())),
        }
    }
}

/// The answer for what is no `Result`.
pub trait AnyOutput {
    /// What returned, returned well.
    fn outcome(&self) -> Outcome;
}

impl<T> AnyOutput for Probe<'_, T> {
    #[inline]
    fn outcome(&self) -> Outcome {
        Outcome::Ok
    }
}

/// `blog::error::BlogError` is `BlogError`, `alloc::boxed::Box<dyn ..>` is `Box`; a part of the same static text.
pub(crate) fn short_type_name(full: &'static str) -> &'static str {
    let full = full.trim_start_matches(['&', '(']);
    let full = full.strip_prefix("dyn ").unwrap_or(full);
    let end = full.find(['<', '(', ')', ' ', ',']).unwrap_or(full.len());
    let path = &full[..end];
    let name = path.rsplit("::").next().unwrap_or(path);
    if name.is_empty() { "error" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoBounds;

    #[test]
    fn a_result_tells_its_outcome_and_anything_else_is_ok() {
        assert_eq!(Probe(&Ok::<u8, NoBounds>(1)).outcome(), Outcome::Ok);
        assert_eq!(
            Probe(&Err::<u8, NoBounds>(NoBounds)).outcome(),
            Outcome::Error("NoBounds")
        );
        assert_eq!(Probe(&Some(NoBounds)).outcome(), Outcome::Ok);
        let aliased: std::io::Result<()> = Err(std::io::Error::other("full"));
        assert_eq!(Probe(&aliased).outcome(), Outcome::Error("Error"));
    }

    #[test]
    fn classes_are_short_names_of_types() {
        for (full, short) in [
            ("blog::error::BlogError", "BlogError"),
            ("alloc::boxed::Box<dyn core::error::Error>", "Box"),
            ("&str", "str"),
            ("dyn core::error::Error", "Error"),
            ("()", "error"),
            ("(u8, m::T)", "u8"),
        ] {
            assert_eq!(short_type_name(full), short);
        }
    }
}
