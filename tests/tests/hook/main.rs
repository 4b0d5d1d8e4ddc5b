//! The hook of a connection where it is hard for it: statements inside each other, statements that are refused or
//! prepared again, locks of others, and random programs.

#![allow(clippy::unwrap_used)]

mod endings;
mod holders;
mod ledger;
mod load;
mod program;
mod random;
mod retried;
mod rows;
mod statements;
mod support;
mod values;
mod virtual_tables;
