//! What SQLite did, as it is recorded: the table of events, the facts, and what is found wrong.

#![allow(clippy::unwrap_used)]

mod asserting;
mod capture;
mod facts;
mod locks;
mod pools;
mod repeated;
mod slow;
mod transactions;
