//! The collector thread: it turns events into what can be read, and owns all of that alone, without a lock.
//!
//! It waits on the control channel and never on the events: a consumer blocked there would cost every isolated sender
//! a system call. What the callers do is none of this room's business.

pub(crate) mod collector;
mod diagnosis;
mod findings;
mod ids;
#[cfg(feature = "tracing")]
mod kept_log;
#[cfg(not(feature = "tracing"))]
#[path = "no_kept_log.rs"]
mod kept_log;
mod memory;
mod over_requests;
mod queues;
mod report;
mod request_diagnosis;
mod request_findings;
mod requests;
mod ring;
mod state;
mod statements;
mod traces;
mod warnings;
