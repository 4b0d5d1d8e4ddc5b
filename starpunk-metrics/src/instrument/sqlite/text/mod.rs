//! Reads the text of statements as SQLite does: their shape for statistics, and what their conditions are for advice.
//!
//! One pass makes tokens; everything else is made from those, never from raw SQL, so nothing in a string, a comment or a
//! quoted name can be mistaken for anything else. No literal leaves this room.

pub(crate) mod conditions;
pub(crate) mod fingerprint;
pub(crate) mod keywords;
mod lexer;
mod places;
pub(crate) mod sql;
mod writer;

#[cfg(test)]
mod fuzz;
