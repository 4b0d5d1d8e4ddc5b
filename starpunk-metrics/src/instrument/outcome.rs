//! Finds how a call ended from what it returned: by its type, without a bound on it.
//!
//! A method that an `impl` with a bound offers is found before that of a trait which is there for every type: so generated
//! code asks, and the compiler answers with what it knows of the type where the function stands.
//!
//! The methods have names that nobody else has: one of a trait that is there for every type would be ambiguous with them.

use std::any::type_name;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::operation::Outcome;

/// Says of a value that a function returned whether it is an error, and of which class.
///
/// Implement it once for an error type, and every function under `#[track_business]` or `#[monitored_query]` that returns
/// it has its classes; errors that are expected can be none. On a type that is returned as it is, or inside `Ok`, it
/// decides too: that is how an actix `HttpResponse` with a status of 500 and above is an error.
///
/// Where a type has no implementation, an `Err` is an error named after its type, and everything else is well.
///
/// ```
/// use starpunk_metrics::{Classify, track_business};
///
/// enum SaveError {
///     Full,
///     NotChanged,
/// }
///
/// impl Classify for SaveError {
///     fn error_class(&self) -> Option<&'static str> {
///         match self {
///             Self::Full => Some("full"),
///             Self::NotChanged => None, // expected, so no error
///         }
///     }
/// }
///
/// #[track_business("saved")]
/// fn save() -> Result<(), SaveError> {
///     Err(SaveError::Full)
/// }
/// # use starpunk_metrics::{Config, Metrics, Outcome};
/// # let metrics = Metrics::scoped(Config::default().test_mode(true))?;
/// # let _entered = metrics.enter();
/// # let _ = (save(), SaveError::NotChanged);
/// # assert_eq!(metrics.metrics()[0].outcome, Outcome::Error("full"));
/// # Ok::<(), starpunk_metrics::Error>(())
/// ```
pub trait Classify {
    /// Returns the class of the error that this is, or `None` where it is none.
    ///
    /// A class is a label: a word from the program's text, such as `busy`, and never a message.
    fn error_class(&self) -> Option<&'static str>;
}

/// What a call returned, or a part of it, to be asked.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

impl<'a, T, E> Probe<'a, Result<T, E>> {
    /// The outcome: by `verdict`, if there is one, else by what `success` and `failure` say of the parts.
    #[inline]
    pub fn __starpunk_outcome(
        &self,
        verdict: Option<bool>,
        success: impl FnOnce(&'a T) -> Option<&'static str>,
        failure: impl FnOnce(&'a E) -> Option<&'static str>,
    ) -> Outcome {
        match (self.0, verdict) {
            (_, Some(true)) => Outcome::Ok,
            (Ok(value), None) => success(value).map_or(Outcome::Ok, Outcome::Error),
            (Err(error), None) => failure(error).map_or(Outcome::Ok, Outcome::Error),
            (Ok(value), Some(false)) => Outcome::Error(success(value).unwrap_or(short_name::<T>())),
            (Err(error), Some(false)) => {
                Outcome::Error(failure(error).unwrap_or(short_name::<E>()))
            }
        }
    }

    /// What succeeded.
    #[inline]
    pub fn __starpunk_success(&self) -> Option<&'a T> {
        self.0.as_ref().ok()
    }
}

impl<T: Classify> Probe<'_, T> {
    /// The class of error that a returned value has.
    #[inline]
    pub fn __starpunk_class(&self) -> Option<&'static str> {
        quietly(|| self.0.error_class()).flatten()
    }

    /// The class of an error.
    #[inline]
    pub fn __starpunk_failure(&self) -> Option<&'static str> {
        quietly(|| self.0.error_class()).unwrap_or_else(|| Some(short_name::<T>()))
    }
}

/// The answers for types of which nothing more is known.
pub trait AnyOutput<'a, T: 'a> {
    /// Begins a question. Every one begins so: then the import of this trait is used whatever the type is.
    fn __starpunk_ask(self) -> Self;

    /// What is no `Result` is well, unless its type says something else.
    fn __starpunk_outcome(
        &self,
        verdict: Option<bool>,
        success: impl FnOnce(&'a T) -> Option<&'static str>,
        failure: impl FnOnce(&'a T) -> Option<&'static str>,
    ) -> Outcome;

    /// It is all there is.
    fn __starpunk_success(&self) -> Option<&'a T>;

    /// No class of its own.
    fn __starpunk_class(&self) -> Option<&'static str>;

    /// An error is named after its type.
    fn __starpunk_failure(&self) -> Option<&'static str>;
}

impl<'a, T> AnyOutput<'a, T> for Probe<'a, T> {
    #[inline]
    fn __starpunk_ask(self) -> Self {
        self
    }

    #[inline]
    fn __starpunk_outcome(
        &self,
        verdict: Option<bool>,
        success: impl FnOnce(&'a T) -> Option<&'static str>,
        failure: impl FnOnce(&'a T) -> Option<&'static str>,
    ) -> Outcome {
        let class = match verdict {
            Some(true) => None,
            // Both speak of the same value: whether it is an error, and how that is named.
            None => success(self.0).map(|class| failure(self.0).unwrap_or(class)),
            Some(false) => Some(failure(self.0).unwrap_or(short_name::<T>())),
        };
        class.map_or(Outcome::Ok, Outcome::Error)
    }

    #[inline]
    fn __starpunk_success(&self) -> Option<&'a T> {
        Some(self.0)
    }

    #[inline]
    fn __starpunk_class(&self) -> Option<&'static str> {
        None
    }

    #[inline]
    fn __starpunk_failure(&self) -> Option<&'static str> {
        Some(short_name::<T>())
    }
}

/// Asks a function of the application whether an output is `what`; `None` where it panics, and the type decides.
#[inline]
pub fn verdict<T>(output: &T, what: bool, ask: impl FnOnce(&T) -> bool) -> Option<bool> {
    quietly(|| ask(output) == what)
}

/// Names an error by a function of the application; where it panics, `class` stays.
#[inline]
pub fn named<T>(
    class: Option<&'static str>,
    error: &T,
    name: impl FnOnce(&T) -> &'static str,
) -> Option<&'static str> {
    class.map(|class| quietly(|| name(error)).unwrap_or(class))
}

/// Runs what the application has given us to decide with: a panic in it is not to end the call that is measured.
fn quietly<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok()
}

fn short_name<T: ?Sized>() -> &'static str {
    short_type_name(type_name::<T>())
}

/// `blog::error::BlogError` is `BlogError`, `alloc::boxed::Box<dyn ..>` is `Box`; a part of the same static text.
///
/// Byte by byte: every call that fails asks, and a search for a pattern is prepared for longer texts.
pub(crate) fn short_type_name(full: &'static str) -> &'static str {
    let full = full.trim_start_matches(['&', '(', '[']);
    let full = full.strip_prefix("mut ").unwrap_or(full);
    let full = full.strip_prefix("dyn ").unwrap_or(full);
    let mut name = 0;
    let mut end = full.len();
    for (at, byte) in full.bytes().enumerate() {
        match byte {
            b':' => name = at + 1,
            b'<' | b'(' | b')' | b' ' | b',' | b';' | b']' => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    match full.get(name..end) {
        None | Some("") => "error",
        Some(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoBounds;

    struct Expected;

    impl Classify for Expected {
        fn error_class(&self) -> Option<&'static str> {
            None
        }
    }

    struct Busy;

    impl Classify for Busy {
        fn error_class(&self) -> Option<&'static str> {
            Some("busy")
        }
    }

    macro_rules! outcome {
        ($output:expr) => {
            outcome!($output, None)
        };
        ($output:expr, $verdict:expr) => {
            Probe(&$output).__starpunk_ask().__starpunk_outcome(
                $verdict,
                |value| Probe(value).__starpunk_ask().__starpunk_class(),
                |error| Probe(error).__starpunk_ask().__starpunk_failure(),
            )
        };
    }

    #[test]
    fn a_result_tells_its_outcome_and_anything_else_is_ok() {
        assert_eq!(outcome!(Ok::<u8, NoBounds>(1)), Outcome::Ok);
        let failed = Err::<u8, NoBounds>(NoBounds);
        assert_eq!(outcome!(failed), Outcome::Error("NoBounds"));
        assert_eq!(outcome!(Some(NoBounds)), Outcome::Ok);
        let aliased: std::io::Result<()> = Err(std::io::Error::other("full"));
        assert_eq!(outcome!(aliased), Outcome::Error("Error"));
    }

    #[test]
    fn a_type_that_classifies_itself_decides_alone_and_inside_a_result() {
        assert_eq!(outcome!(Busy), Outcome::Error("busy"));
        assert_eq!(outcome!(Expected), Outcome::Ok);
        assert_eq!(outcome!(Ok::<Busy, NoBounds>(Busy)), Outcome::Error("busy"));
        assert_eq!(outcome!(Err::<u8, Busy>(Busy)), Outcome::Error("busy"));
        assert_eq!(outcome!(Err::<Busy, Expected>(Expected)), Outcome::Ok);
    }

    #[test]
    fn a_verdict_decides_and_the_type_names() {
        let failed = Err::<u8, Busy>(Busy);
        assert_eq!(outcome!(failed, Some(true)), Outcome::Ok);
        assert_eq!(outcome!(failed, Some(false)), Outcome::Error("busy"));
        assert_eq!(
            outcome!(Ok::<NoBounds, Busy>(NoBounds), Some(false)),
            Outcome::Error("NoBounds")
        );
        assert_eq!(outcome!(Some(1), Some(false)), Outcome::Error("Option"));
        assert_eq!(outcome!(Expected, Some(false)), Outcome::Error("Expected"));
    }

    #[test]
    fn a_generic_error_is_named_when_it_is_known() {
        fn of<T, E>(output: &Result<T, E>) -> Outcome {
            outcome!(*output)
        }
        assert_eq!(
            of(&Err::<u8, NoBounds>(NoBounds)),
            Outcome::Error("NoBounds")
        );
    }

    #[test]
    fn a_panicking_question_leaves_the_answer_to_the_type() {
        assert_eq!(verdict(&1, true, |_| panic!("on purpose")), None);
        assert_eq!(verdict(&1, true, |one| *one == 1), Some(true));
        assert_eq!(verdict(&1, false, |one| *one == 1), Some(false));
        assert_eq!(named(Some("E"), &1, |_| panic!("on purpose")), Some("E"));
        assert_eq!(named(None, &1, |_| "named"), None);
    }

    #[test]
    fn classes_are_short_names_of_types() {
        for (full, short) in [
            ("blog::error::BlogError", "BlogError"),
            ("alloc::boxed::Box<dyn core::error::Error>", "Box"),
            ("&str", "str"),
            ("&mut m::T", "T"),
            ("[u8; 4]", "u8"),
            ("dyn core::error::Error", "Error"),
            ("()", "error"),
            ("(u8, m::T)", "u8"),
        ] {
            assert_eq!(short_type_name(full), short);
        }
    }
}
