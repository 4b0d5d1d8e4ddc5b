//! What is written to the log, of which a process has one: so these tests have a process of their own.

#![allow(clippy::unwrap_used)]

mod log;
mod privacy;
mod slow;
