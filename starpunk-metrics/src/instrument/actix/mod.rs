//! The HTTP source: one record for each request that reaches the App, with its id on the response.
//!
//! Runs on the workers' threads. `guard.rs` holds the one record and how it can end; `middleware.rs` and `body.rs` only
//! tell it what they see.

mod block;
mod body;
mod classify;
mod exclusions;
mod extractor;
mod guard;
mod identity;
mod middleware;
mod paths;
mod payload;
mod place;
mod response;
mod routes;
mod server_timing;
mod spares;
mod spawn;
mod trust;

pub use block::block;
pub use body::MeasuredBody;
pub use middleware::{HttpMetrics, HttpMetricsService};
pub use response::MeasuredResponse;
pub use spawn::spawn;
