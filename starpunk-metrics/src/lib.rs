//! Observability that a Rust web application carries inside itself: for actix-web and SQLite, in one process, with
//! nothing to run beside it.
//!
//! Every request has an id, every statement is timed, what is slow or failed is kept whatever the sampling rate, and the
//! memory of the process is watched. Measuring never blocks, never panics and changes no response, return value or lint.
//!
//! # The set-up
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use actix_web::{App, HttpServer, web};
//! use starpunk_metrics::sqlite::SqliteManager;
//! use starpunk_metrics::{Config, HttpMetrics, Metrics, block, monitored_query, track_business};
//!
//! type Db = web::Data<r2d2::Pool<SqliteManager>>;
//!
//! #[monitored_query(slow = "50ms")]
//! fn titles(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<String>> {
//!     connection.prepare_cached("SELECT title FROM notes")?.query_map([], |row| row.get(0))?.collect()
//! }
//!
//! #[track_business("note_created", fields(content_length = body.len()))]
//! fn create_note(connection: &rusqlite::Connection, body: &str) -> rusqlite::Result<usize> {
//!     connection.execute("INSERT INTO notes (title) VALUES (?1)", [body])
//! }
//!
//! async fn index(db: Db) -> actix_web::Result<String> {
//!     // `web::block` that keeps the request: the statements inside are counted as its own.
//!     let titles = block(move || db.get().ok().and_then(|connection| titles(&connection).ok())).await?;
//!     Ok(titles.unwrap_or_default().join("\n"))
//! }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let metrics = Metrics::start(Config::from_env())?;
//!     let db = web::Data::new(r2d2::Pool::new(SqliteManager::file("blog.db"))?);
//!     HttpServer::new(move || {
//!         App::new()
//!             .app_data(db.clone())
//!             .route("/", web::get().to(index))
//!             .wrap(HttpMetrics::new()) // last, so outermost
//!     })
//!     .bind(("127.0.0.1", 8080))?
//!     .run()
//!     .await?;
//!     println!("{}", metrics.shutdown(Duration::from_secs(2)));
//!     Ok(())
//! }
//! ```
//!
//! # What is read
//!
//! [`get_metrics`] returns the kept records, [`get_metrics_stats`] the totals by type, [`get_snapshot`] everything that
//! was counted, [`Snapshot::to_json`] that as JSON. [`Snapshot::statements`] tells what each shape of statement did,
//! [`Snapshot::findings`] what is wrong and what to do about it, and [`Snapshot::traces`] or [`get_trace`] the whole story of a
//! request that was slow, failed or conspicuous, which [`RequestTrace::to_json`] writes as JSON.
//!
//! ```
//! use starpunk_metrics::{Config, Metrics, OperationType, business, get_metrics, get_metrics_stats};
//!
//! let metrics = Metrics::start(Config::default())?;
//! business::track_cache_hit("feed");
//!
//! let stats = get_metrics_stats();
//! println!("total metrics: {}", stats.total_count);
//! for metric in get_metrics().iter().rev().take(10) {
//!     println!("{}: {} - {:.2}ms", metric.operation_type, metric.operation_name, metric.duration_ms());
//! }
//! assert_eq!(stats.by_type[&OperationType::Render].count, 1);
//! # Ok::<(), starpunk_metrics::Error>(())
//! ```
//!
//! # What must not lose its request
//!
//! [`block`] and [`spawn`] keep the request; what goes to another thread or executor takes a [`RequestContext`]. A `web::block`
//! that was forgotten is found by `cargo clippy`, with a `clippy.toml` beside the `Cargo.toml` of the application:
//!
//! ```toml
//! disallowed-methods = [
//!     { path = "actix_web::web::block", replacement = "starpunk_metrics::block", reason = "it loses its request" },
//!     { path = "actix_web::rt::spawn", replacement = "starpunk_metrics::spawn", reason = "it loses its request" },
//!     { path = "actix_web::rt::task::spawn_blocking", replacement = "starpunk_metrics::block", reason = "it loses its request" },
//!     { path = "tokio::spawn", replacement = "starpunk_metrics::spawn", reason = "it loses its request", allow-invalid = true },
//!     { path = "std::thread::spawn", reason = "take a `starpunk_metrics::RequestContext` there" },
//! ]
//! ```
//!
//! # In tests
//!
//! Tests run in parallel, so each has a pipeline of its own: [`Metrics::scoped`], [`Metrics::enter`], and
//! [`Metrics::flush`] where one would else sleep.
//!
//! ```
//! use starpunk_metrics::{Config, Metrics, track_business};
//!
//! #[track_business("sold")]
//! fn sell() {}
//!
//! let metrics = Metrics::scoped(Config::default().test_mode(true))?;
//! let _entered = metrics.enter();
//! sell();
//! assert_eq!(metrics.metrics()[0].operation_name, "sold");
//! # Ok::<(), starpunk_metrics::Error>(())
//! ```
//!
//! The other way round, [`assert_queries!`], [`assert_no_full_scans!`] and [`assert_no_n_plus_one!`] are for tests of what the
//! application asks its database.
//!
//! # Features
//!
//! `macros`, `actix`, `sqlite` and `r2d2` are on by default. With `tracing` a request has a span with its id and route around all
//! its work, on whatever thread, and an event says what happened in each whose trace is kept, shortly after its end. With `off`
//! the attributes check their arguments and hand back the function untouched. Without features there are the business helpers
//! and the watch on memory.

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
pub mod testing;

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

#[cfg(feature = "sqlite")]
pub mod sqlite {
    #![doc = include_str!("../docs/sqlite.md")]

    pub use crate::instrument::sqlite::connection::MonitoredConnection;
    pub use crate::instrument::sqlite::error_log::error_log;
    pub use crate::instrument::sqlite::hook::instrument;
    #[cfg(feature = "r2d2")]
    pub use crate::instrument::sqlite::pool::SqliteManager;
    #[cfg(feature = "r2d2")]
    pub use crate::instrument::sqlite::pool_events::PoolEvents;
}

#[cfg(feature = "actix")]
pub use instrument::actix::{
    HttpMetrics, HttpMetricsService, MeasuredBody, MeasuredResponse, block, spawn,
};

#[cfg(feature = "sqlite")]
pub use sqlite::MonitoredConnection;

pub use config::Config;
pub use error::Error;
pub use instrument::outcome::Classify;
pub use metrics::{Entered, Metrics, get_metrics, get_metrics_stats, get_snapshot, get_trace};
pub use model::client_request_id::ClientRequestId;
pub use model::field::{Fields, Value};
pub use model::finding::{Finding, FindingKind};
pub use model::gauges::DropReason;
pub use model::histogram::Histogram;
pub use model::memory::{AllocatorStats, MemoryStats, MemoryUsage};
pub use model::metric::{Metric, MetricsStats, TypeStats};
pub use model::operation::{OperationType, Outcome};
pub use model::plan::QueryPlan;
pub use model::poll::PollStats;
pub use model::pool::PoolStats;
pub use model::request_id::{InvalidRequestId, RequestId};
pub use model::request_outcome::RequestOutcome;
pub use model::route::RouteStats;
pub use model::shutdown::ShutdownReport;
pub use model::snapshot::{CollectorStats, OperationStats, QueryStats, Snapshot};
pub use model::span::{SpanKind, TraceSpan};
pub use model::statement_stats::{StatementFacts, StatementOrder, StatementStats};
pub use model::tally::Tally;
pub use model::trace::{RequestTrace, TraceReason};
pub use model::trace_parent::TraceParent;
pub use model::transaction::TransactionStats;
pub use record::request_context::{InRequest, RequestContext};
