//! The fields of an annotated call: where they come from, and when they are asked for.
//!
//! They are the application's code. What panics in them is not the application's failure: the record goes without.

use std::fmt::{self, Display, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::event::Detail;
use crate::model::few_fields::FewFields;
use crate::model::field::{Field, Value};
use crate::record::current;

/// What tells the fields of a call that returns `R`.
pub trait FieldSource<R: ?Sized> {
    /// Whether there is anything to tell.
    const IS_EMPTY: bool;

    /// Tells them, once; `output` is what the call returned, if it returned well.
    fn tell(self, output: Option<&R>) -> Told;
}

/// Fields, in the form in which they travel.
#[derive(Debug)]
pub struct Told(pub(crate) Option<Detail>);

impl Told {
    fn from_fields(evaluate: impl FnOnce() -> FewFields) -> Self {
        let fields = catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_default();
        // All of it named: what `..` leaves of a default would be dropped.
        Self((!fields.is_empty()).then_some(Detail {
            duration: None,
            error_class: None,
            fields,
        }))
    }

    fn and(self, more: Self) -> Self {
        match (self.0, more.0) {
            (Some(mut fields), Some(more)) => {
                fields.fields = std::mem::take(&mut fields.fields).and(more.fields);
                Self(Some(fields))
            }
            (one, other) => Self(one.or(other)),
        }
    }
}

/// No fields.
#[derive(Clone, Copy, Debug)]
pub struct NoFields;

impl<R: ?Sized> FieldSource<R> for NoFields {
    const IS_EMPTY: bool = true;

    fn tell(self, _: Option<&R>) -> Told {
        Told(None)
    }
}

/// Fields that are known before the call, because it may use up what they are made from.
///
/// Apart, as they lie in a future meanwhile.
#[derive(Debug)]
pub struct Now(Option<Box<Detail>>);

/// Evaluates the fields, if there is a pipeline to take them.
#[inline]
pub fn now<const N: usize>(evaluate: impl FnOnce() -> [Field; N]) -> Now {
    if !current::has_pipeline() {
        return Now(None);
    }
    Now(Told::from_fields(|| evaluate().into()).0.map(Box::new))
}

impl<R: ?Sized> FieldSource<R> for Now {
    const IS_EMPTY: bool = false;

    fn tell(self, _: Option<&R>) -> Told {
        Told(self.0.map(|detail| *detail))
    }
}

/// Fields that are evaluated after the call, and only if its record is kept.
pub struct Later<F>(F);

/// Leaves the fields for later.
#[inline]
pub fn later<const N: usize, F: FnOnce() -> [Field; N]>(evaluate: F) -> Later<F> {
    Later(evaluate)
}

impl<R: ?Sized, const N: usize, F: FnOnce() -> [Field; N]> FieldSource<R> for Later<F> {
    const IS_EMPTY: bool = false;

    fn tell(self, _: Option<&R>) -> Told {
        Told::from_fields(|| (self.0)().into())
    }
}

/// The fields of `first`, and those that `read` finds in what the call returned; `None` where it is none of success.
pub struct WithOutput<S, F> {
    first: S,
    read: F,
}

impl<S, F> WithOutput<S, F> {
    pub(crate) fn new(first: S, read: F) -> Self {
        Self { first, read }
    }
}

impl<R, const N: usize, S, F> FieldSource<R> for WithOutput<S, F>
where
    S: FieldSource<R>,
    F: FnOnce(&R) -> Option<[Field; N]>,
{
    const IS_EMPTY: bool = false;

    fn tell(self, output: Option<&R>) -> Told {
        let first = self.first.tell(output);
        let Some(output) = output else {
            return first;
        };
        first.and(Told::from_fields(|| {
            (self.read)(output).map_or_else(FewFields::default, FewFields::from)
        }))
    }
}

impl<F> fmt::Debug for Later<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}

impl<S, F> fmt::Debug for WithOutput<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithOutput")
    }
}

/// What a field takes as it stands.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value of a field",
    label = "a bool, a number or text is",
    note = "write `key = %value` to record it by `Display`, `key = ?value` by `Debug`"
)]
pub trait FieldValue {
    /// Makes the value.
    fn into_value(self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<V: Into<Value>> FieldValue for V {
    fn into_value(self) -> Value {
        self.into()
    }
}

/// `key = value`.
#[inline]
pub fn value(value: impl FieldValue) -> Value {
    value.into_value()
}

/// `key = %value`.
pub fn display(value: &(impl Display + ?Sized)) -> Value {
    write(format_args!("{value}"))
}

/// `key = ?value`.
pub fn debug(value: &(impl fmt::Debug + ?Sized)) -> Value {
    write(format_args!("{value:?}"))
}

/// Writes no more than a field holds: who formats a megabyte pays for 256 bytes.
fn write(value: fmt::Arguments<'_>) -> Value {
    let mut text = Bounded(String::new());
    // An error is how it says that it is full.
    let _ = text.write_fmt(value);
    Value::text(text.0)
}

struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        // One byte more than fits, so that the cut falls where it falls for any text.
        let room = (Value::MAX_TEXT_BYTES + 1).saturating_sub(self.0.len());
        if piece.len() <= room {
            self.0.push_str(piece);
            return Ok(());
        }
        self.0.push_str(&piece[..piece.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_not_formatted_to_its_end() {
        struct Endless;
        impl Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("é!")?;
                }
            }
        }
        let Value::Text(text) = display(&Endless) else {
            panic!("text is text");
        };
        assert_eq!(text.len(), 255);
        assert_eq!(debug("a"), "\"a\"");
    }
}
