//! A snapshot as JSON, for scripts and eyes. Times are seconds.

use std::time::{Duration, SystemTime};

use crate::export::object::{Object, written};
use crate::export::{json_requests, json_sqlite};
use crate::model::memory::MemoryStats;
use crate::model::metric::TypeStats;
use crate::model::operation::Outcome;
use crate::model::poll::PollStats;
use crate::model::snapshot::{OperationStats, QueryStats, Snapshot};
use crate::model::tally::Tally;

impl Snapshot {
    /// Returns the snapshot as one JSON object; durations are in seconds, timestamps in seconds since 1970.
    ///
    /// The traces are in it without their spans; [`RequestTrace::to_json`](crate::RequestTrace::to_json) has those.
    pub fn to_json(&self) -> String {
        written(|object| self.fill(object))
    }

    fn fill(&self, object: &mut Object<'_>) {
        let stats = &self.stats;
        object.put("taken_at", timestamp(self.taken_at));
        object.put("uptime_seconds", seconds(self.uptime));
        object.put("total_count", stats.total_count);
        object.put("buffered_count", stats.buffered_count);
        object.put("max_size", stats.max_size);
        object.put("forced_count", stats.forced_count);
        object.object("by_type", |types| {
            for (operation_type, stats) in &stats.by_type {
                types.object(operation_type.as_str(), |object| type_stats(object, stats));
            }
        });
        object.list("operations", &self.operations, operation);
        object.list("routes", &self.routes, json_requests::route);
        object.list("queries", &self.queries, query);
        object.list("statements", &self.statements, json_sqlite::statement);
        object.list("transactions", &self.transactions, json_sqlite::transaction);
        object.list("pools", &self.pools, json_sqlite::pool);
        object.list("findings", &self.findings, json_sqlite::finding);
        object.list("traces", &self.traces, json_requests::trace);
        object.optional("memory", self.memory.as_ref(), memory);
        object.put("requests_in_flight", self.requests_in_flight);
        object.put("unattributed", self.unattributed);
        object.put("request_ids_refused", self.request_ids_refused);
        object.object("dropped", |reasons| {
            for (reason, count) in &self.dropped {
                reasons.put(reason.as_str(), count);
            }
        });
        object.put("names_refused", self.names_refused);
        object.object("collector", |object| {
            object.put("heartbeats", self.collector.heartbeats);
            object.put("restarts", self.collector.restarts);
            object.put("threads", self.collector.threads);
        });
    }
}

fn operation(object: &mut Object<'_>, series: &OperationStats) {
    object.put("type", series.operation_type.as_str());
    object.put("name", &series.name);
    tally(object, &series.tally);
    object.put("rows", series.rows);
    object.put("rows_changed", series.rows_changed);
    object.optional("polls", series.polls.as_ref(), polls);
}

fn query(object: &mut Object<'_>, query: &QueryStats) {
    object.put("name", &query.name);
    tally(object, &query.tally);
    object.put("statements", query.statements);
    object.put("table", query.table);
    object.optional("polls", query.polls.as_ref(), polls);
}

fn type_stats(object: &mut Object<'_>, stats: &TypeStats) {
    object.put("count", stats.count);
    object.put("errors", stats.errors);
    object.put("slow", stats.slow);
    object.put("mean_seconds", seconds(stats.mean));
    object.put("min_seconds", seconds(stats.min));
    object.put("max_seconds", seconds(stats.max));
    object.put("p50_seconds", seconds(stats.p50));
    object.put("p95_seconds", seconds(stats.p95));
    object.put("p99_seconds", seconds(stats.p99));
}

pub(crate) fn tally(object: &mut Object<'_>, tally: &Tally) {
    type_stats(object, &TypeStats::from(tally));
    object.put("ok", tally.ok());
    object.put("panics", tally.panics());
    object.put("cancelled", tally.cancelled());
    object.object("error_classes", |classes| {
        for (class, count) in tally.error_classes() {
            classes.put(class, count);
        }
    });
    object.put("forced", tally.forced());
    object.put("nested", tally.nested());
    object.put("untimed", tally.untimed());
    object.put("total_seconds", seconds(tally.total()));
    object.object("seconds_by_outcome", |outcomes| {
        for (name, outcome) in [
            ("ok", Outcome::Ok),
            ("error", Outcome::Error("")),
            ("panic", Outcome::Panic),
            ("cancelled", Outcome::Cancelled),
        ] {
            outcomes.put(name, seconds(tally.total_of(outcome)));
        }
    });
}

pub(crate) fn polls(object: &mut Object<'_>, polls: &PollStats) {
    object.put("calls", polls.calls);
    object.put("busy_seconds", seconds(polls.busy));
    object.put("longest_seconds", seconds(polls.longest));
    object.put("blocking", polls.blocking);
}

fn memory(object: &mut Object<'_>, memory: &MemoryStats) {
    object.put("resident_bytes", memory.usage.resident_bytes);
    object.put("virtual_bytes", memory.usage.virtual_bytes);
    object.put("peak_resident_bytes", memory.usage.peak_resident_bytes);
    object.put("baseline_resident_bytes", memory.baseline_resident_bytes);
    object.put("growth_bytes", memory.growth_bytes);
    object.put("samples", memory.samples);
    object.put("growth_warnings", memory.growth_warnings);
    object.put("sampled_at", memory.sampled_at.map(timestamp));
    object.optional("allocator", memory.allocator, |object, allocator| {
        object.put("live_bytes", allocator.live_bytes);
        object.put("allocations", allocator.allocations);
    });
}

pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// Seconds since 1970, with fractions; 0 for a clock that stands before.
pub(crate) fn timestamp(at: SystemTime) -> f64 {
    seconds(
        at.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn an_empty_snapshot_is_valid_json() {
        let json: Value = serde_json::from_str(&Snapshot::default().to_json()).expect("valid JSON");
        assert_eq!(json["total_count"], 0);
        assert_eq!(json["memory"], Value::Null);
        assert_eq!(json["dropped"]["channel_full"], 0);
        assert_eq!(json["request_ids_refused"], 0);
        assert_eq!(json["traces"], json!([]));
    }
}
