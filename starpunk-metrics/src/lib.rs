#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]
// Without every source of events, some of what they share has no user.
#![cfg_attr(not(all(feature = "actix", feature = "sqlite")), allow(dead_code))]

mod collect;
mod config;
mod error;
mod export;
mod instrument;
mod metrics;
mod model;
mod record;

#[doc(hidden)]
pub mod __private;

/// Business events of a site of notes, ready-made; all forced.
pub mod business {
    pub use crate::instrument::business::{
        track_cache_hit, track_cache_miss, track_feed_generated, track_note_created,
        track_note_deleted, track_note_updated,
    };
}

#[cfg(feature = "macros")]
pub use starpunk_metrics_macros::{monitored_query, track_business};

/// Statements of SQLite, through `rusqlite`.
#[cfg(feature = "sqlite")]
pub mod sqlite {
    pub use crate::instrument::sqlite::connection::MonitoredConnection;
    pub use crate::instrument::sqlite::hook::instrument;
    #[cfg(feature = "r2d2")]
    pub use crate::instrument::sqlite::pool::SqliteManager;
}

#[cfg(feature = "actix")]
pub use instrument::actix::{
    HttpMetrics, HttpMetricsService, MeasuredBody, MeasuredResponse, block,
};

#[cfg(feature = "sqlite")]
pub use sqlite::MonitoredConnection;

pub use config::Config;
pub use error::Error;
pub use metrics::{Entered, Metrics, get_metrics, get_metrics_stats, get_snapshot};
pub use model::field::{Fields, Value};
pub use model::gauges::DropReason;
pub use model::histogram::Histogram;
pub use model::memory::{AllocatorStats, MemoryStats, MemoryUsage};
pub use model::metric::{Metric, MetricsStats, TypeStats};
pub use model::operation::{OperationType, Outcome};
pub use model::request_id::RequestId;
pub use model::shutdown::ShutdownReport;
pub use model::snapshot::{CollectorStats, OperationStats, QueryStats, RouteStats, Snapshot};
pub use model::tally::Tally;
