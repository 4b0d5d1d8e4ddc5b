//! The vocabulary: plain data that every other room speaks.
//!
//! Nothing here starts a thread, reads a variable or knows a wire format. Types that cross the channel live here too,
//! so that the recording side and the collecting side never need each other.

pub(crate) mod aggregate;
pub(crate) mod callsite;
pub(crate) mod client;
pub(crate) mod client_request_id;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod ended_request;
pub(crate) mod event;
pub(crate) mod few_fields;
pub(crate) mod field;
pub(crate) mod finding;
pub(crate) mod gauges;
pub(crate) mod histogram;
pub(crate) mod interner;
pub(crate) mod memory;
pub(crate) mod metric;
pub(crate) mod names;
pub(crate) mod operation;
pub(crate) mod pattern;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod poll;
pub(crate) mod pool;
pub(crate) mod request;
pub(crate) mod request_id;
pub(crate) mod request_outcome;
pub(crate) mod route;
pub(crate) mod route_names;
pub(crate) mod sampling;
pub(crate) mod shutdown;
pub(crate) mod snapshot;
pub(crate) mod span;
pub(crate) mod statement;
pub(crate) mod statement_stats;
pub(crate) mod tally;
pub(crate) mod trace;
pub(crate) mod trace_parent;
pub(crate) mod transaction;
pub(crate) mod wide_event;
