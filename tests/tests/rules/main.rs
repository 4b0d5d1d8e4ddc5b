//! The seven rules of ARCHITECTURE.md, each as what a user can see of it.

#![allow(clippy::unwrap_used)]

mod bounds;
mod exact;
mod forced;
mod ledger;
mod outcomes;
mod statements;
mod threads;
mod unhurt;
