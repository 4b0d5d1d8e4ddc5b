//! The SQLite source: a hook on each connection makes one record for every statement that ran on it.
//!
//! Runs on the thread that runs the statement. The hook alone makes records; `MonitoredConnection` only adds to them
//! what the hook cannot see.

pub(crate) mod connection;
mod error;
pub(crate) mod hook;
mod lexer;
mod scope;
mod sql;

#[cfg(feature = "r2d2")]
pub(crate) mod pool;
