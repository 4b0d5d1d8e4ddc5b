//! The sources: functions, requests, statements, and business events. Runs on the caller's thread.
//!
//! What they post is none of the exporters' business, and how it is shown none of theirs.

pub(crate) mod branch;
pub(crate) mod business;
pub(crate) mod fields;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod guard;
pub(crate) mod made;
pub(crate) mod outcome;
pub(crate) mod running;

#[cfg(feature = "actix")]
pub(crate) mod actix;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
