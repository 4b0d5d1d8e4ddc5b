//! The SQLite source: a hook on each connection makes one record for every statement that ran on it.
//!
//! Runs on the thread that runs the statement. The hook alone makes records; `MonitoredConnection` only adds to them
//! what the hook cannot see.

mod advice;
pub(crate) mod connection;
mod error;
pub(crate) mod error_log;
mod finished;
mod follow;
pub(crate) mod hook;
mod in_place;
mod lock;
mod plan;
mod probe;
mod running;
mod scope;
mod shapes;
mod text;
mod transaction;

#[cfg(feature = "r2d2")]
pub(crate) mod pool;
#[cfg(feature = "r2d2")]
pub(crate) mod pool_events;
