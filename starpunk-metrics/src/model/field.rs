//! Free-form facts of one record. They go to the record, never to a label.

use std::fmt;
use std::ops::Index;

/// The value of one field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// Text, cut after [`Value::MAX_TEXT_BYTES`].
    Text(Box<str>),
}

impl Value {
    /// The length in bytes after which text is cut, so that the buffers keep their bound.
    pub const MAX_TEXT_BYTES: usize = 256;

    /// Makes text, cut at the last character that ends within [`Value::MAX_TEXT_BYTES`].
    pub fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let end = text.floor_char_boundary(Self::MAX_TEXT_BYTES.min(text.len()));
        Self::Text(text[..end].into())
    }

    /// Compares integers by what they count, whether they were signed or not.
    fn same_number(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::I64(a), Self::U64(b)) | (Self::U64(b), Self::I64(a)) => {
                i128::from(*a) == i128::from(*b)
            }
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => fmt::Display::fmt(value, f),
            Self::I64(value) => fmt::Display::fmt(value, f),
            Self::U64(value) => fmt::Display::fmt(value, f),
            Self::F64(value) => fmt::Display::fmt(value, f),
            Self::Text(value) => fmt::Display::fmt(value, f),
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident as $to:ty),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(<$to>::from(value))
            }
        }

        impl From<&$from> for Value {
            fn from(value: &$from) -> Self {
                Self::from(*value)
            }
        }

        impl PartialEq<$from> for Value {
            fn eq(&self, other: &$from) -> bool {
                self.same_number(&Value::from(*other))
            }
        }
    )*};
}

value_from! {
    bool => Bool as bool,
    i8 => I64 as i64,
    i16 => I64 as i64,
    i32 => I64 as i64,
    i64 => I64 as i64,
    u8 => U64 as u64,
    u16 => U64 as u64,
    u32 => U64 as u64,
    u64 => U64 as u64,
    f32 => F64 as f64,
    f64 => F64 as f64,
}

macro_rules! value_from_text {
    ($($from:ty),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::text(value)
            }
        }
    )*};
}

macro_rules! value_from_size {
    ($($from:ty => $variant:ident as $to:ty),*) => {$(
        // `usize` and `isize` have no `From` into 64 bits, but fit on every platform that Rust has.
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value as $to)
            }
        }

        impl From<&$from> for Value {
            fn from(value: &$from) -> Self {
                Self::from(*value)
            }
        }

        impl PartialEq<$from> for Value {
            fn eq(&self, other: &$from) -> bool {
                self.same_number(&Value::from(*other))
            }
        }
    )*};
}

value_from_size!(usize => U64 as u64, isize => I64 as i64);

value_from_text!(
    &str,
    &&str,
    String,
    &String,
    Box<str>,
    std::borrow::Cow<'_, str>
);

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        matches!(self, Self::Text(text) if **text == *other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// A name, which is part of the program's text, and its value.
pub(crate) type Field = (&'static str, Value);

/// The fields of one record, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// Returns the value of the field of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Iterates over names and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push((name, value.into()));
    }
}

impl From<Vec<Field>> for Fields {
    fn from(fields: Vec<Field>) -> Self {
        Self(fields)
    }
}

/// Panics where there is no field of this name, as a map does; [`Fields::get`] does not.
impl Index<&str> for Fields {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name)
            .unwrap_or_else(|| panic!("this record has no field `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        let Value::Text(text) = Value::text("é".repeat(200)) else {
            panic!("text stays text");
        };
        assert_eq!(&*text, "é".repeat(128));
    }

    #[test]
    fn values_compare_with_what_they_were_made_from() {
        let mut fields = Fields::default();
        fields.push("count", 3_usize);
        fields.push("name", "rust");
        assert_eq!(fields["count"], 3_usize);
        assert_eq!(fields["count"], 3);
        assert_ne!(fields["count"], -3);
        assert_eq!(fields["name"], "rust");
        assert_eq!(fields.get("missing"), None);
    }
}
