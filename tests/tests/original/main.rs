//! The tests of the Python original, as sentences: what it did, this does.

#![allow(clippy::unwrap_used)]

mod business;
mod configuration;
mod database;
mod http;
mod memory;
