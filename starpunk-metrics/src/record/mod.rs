//! The caller's thread: it posts what it finished and goes on.
//!
//! Nothing here waits, allocates per event, panics or returns an error to the application. What the collector does with
//! the events is none of this room's business: both know the channel's types, which live in `model`.

pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod current;
pub(crate) mod depth;
mod local;
pub(crate) mod queue;
pub(crate) mod recorder;
pub(crate) mod request_context;
mod ring;
#[cfg(feature = "tracing")]
pub(crate) mod span;
#[cfg(not(feature = "tracing"))]
#[path = "no_span.rs"]
pub(crate) mod span;
pub(crate) mod timer;
