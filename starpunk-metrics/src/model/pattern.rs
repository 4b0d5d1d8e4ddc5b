//! Which statements a setting is about.

use std::fmt;

use crate::model::names::Shape;

/// A pattern for shapes of statements: `SELECT notes`, or a part of their text with `*` for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShapePattern(Box<str>);

impl ShapePattern {
    pub(crate) fn new(pattern: &str) -> Self {
        Self(pattern.trim().to_ascii_lowercase().into())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the name or the fingerprint of this shape is the pattern; in any case of letters, as SQL is.
    pub(crate) fn matches(&self, shape: &Shape) -> bool {
        [&shape.name, &shape.fingerprint]
            .iter()
            .any(|text| matches(&self.0, &text.to_ascii_lowercase()))
    }
}

impl fmt::Display for ShapePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// What stands between the stars must be there, in this order; the first and the last part at the ends.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, more)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = more.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("select notes", "select notes", true),
            ("select notes", "select notes n", false),
            ("select *", "select notes", true),
            ("*notes", "select notes", true),
            ("*note*where*", "select * from note where id = ?", true),
            ("*where*note*", "select * from note where id = ?", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "select", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
