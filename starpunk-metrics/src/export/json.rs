//! A snapshot as JSON, for scripts and eyes. Times are seconds.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::export::{json_requests, json_sqlite};
use crate::model::memory::MemoryStats;
use crate::model::metric::TypeStats;
use crate::model::operation::Outcome;
use crate::model::poll::PollStats;
use crate::model::snapshot::Snapshot;
use crate::model::tally::Tally;

impl Snapshot {
    /// Returns the snapshot as one JSON object; durations are in seconds, timestamps in seconds since 1970.
    ///
    /// The traces are in it without their spans; [`RequestTrace::to_json`](crate::RequestTrace::to_json) has those.
    pub fn to_json(&self) -> String {
        let stats = &self.stats;
        let by_type: Map<String, Value> = stats
            .by_type
            .iter()
            .map(|(operation_type, stats)| (operation_type.to_string(), type_stats(stats)))
            .collect();
        let operations = self.operations.iter().map(|series| {
            let mut object = tally(&series.tally);
            object["type"] = json!(series.operation_type.as_str());
            object["name"] = json!(series.name);
            object["rows"] = json!(series.rows);
            object["rows_changed"] = json!(series.rows_changed);
            object["polls"] = json!(series.polls.as_ref().map(polls));
            object
        });
        let queries = self.queries.iter().map(|query| {
            let mut object = tally(&query.tally);
            object["name"] = json!(query.name);
            object["statements"] = json!(query.statements);
            object["table"] = json!(query.table);
            object["polls"] = json!(query.polls.as_ref().map(polls));
            object
        });
        let dropped: Map<String, Value> = self
            .dropped
            .iter()
            .map(|(reason, count)| (reason.as_str().to_owned(), json!(count)))
            .collect();
        json!({
            "taken_at": timestamp(self.taken_at),
            "uptime_seconds": seconds(self.uptime),
            "total_count": stats.total_count,
            "buffered_count": stats.buffered_count,
            "max_size": stats.max_size,
            "forced_count": stats.forced_count,
            "by_type": by_type,
            "operations": operations.collect::<Vec<_>>(),
            "routes": list(&self.routes, json_requests::route),
            "queries": queries.collect::<Vec<_>>(),
            "statements": list(&self.statements, json_sqlite::statement),
            "transactions": list(&self.transactions, json_sqlite::transaction),
            "pools": list(&self.pools, json_sqlite::pool),
            "findings": list(&self.findings, json_sqlite::finding),
            "traces": list(&self.traces, json_requests::trace),
            "memory": self.memory.as_ref().map(memory),
            "requests_in_flight": self.requests_in_flight,
            "unattributed": self.unattributed,
            "request_ids_refused": self.request_ids_refused,
            "dropped": dropped,
            "names_refused": self.names_refused,
            "collector": {
                "heartbeats": self.collector.heartbeats,
                "restarts": self.collector.restarts,
                "threads": self.collector.threads,
            },
        })
        .to_string()
    }
}

fn list<T>(items: &[T], to_json: impl Fn(&T) -> Value) -> Vec<Value> {
    items.iter().map(to_json).collect()
}

fn type_stats(stats: &TypeStats) -> Value {
    json!({
        "count": stats.count,
        "errors": stats.errors,
        "slow": stats.slow,
        "mean_seconds": seconds(stats.mean),
        "min_seconds": seconds(stats.min),
        "max_seconds": seconds(stats.max),
        "p50_seconds": seconds(stats.p50),
        "p95_seconds": seconds(stats.p95),
        "p99_seconds": seconds(stats.p99),
    })
}

pub(crate) fn tally(tally: &Tally) -> Value {
    let mut object = type_stats(&TypeStats::from(tally));
    let classes: Map<String, Value> = tally
        .error_classes()
        .iter()
        .map(|(class, count)| ((*class).to_owned(), json!(count)))
        .collect();
    object["ok"] = json!(tally.ok());
    object["panics"] = json!(tally.panics());
    object["cancelled"] = json!(tally.cancelled());
    object["error_classes"] = json!(classes);
    object["forced"] = json!(tally.forced());
    object["nested"] = json!(tally.nested());
    object["untimed"] = json!(tally.untimed());
    object["total_seconds"] = seconds(tally.total());
    object["seconds_by_outcome"] = json!({
        "ok": seconds(tally.total_of(Outcome::Ok)),
        "error": seconds(tally.total_of(Outcome::Error(""))),
        "panic": seconds(tally.total_of(Outcome::Panic)),
        "cancelled": seconds(tally.total_of(Outcome::Cancelled)),
    });
    object
}

pub(crate) fn polls(polls: &PollStats) -> Value {
    json!({
        "calls": polls.calls,
        "busy_seconds": seconds(polls.busy),
        "longest_seconds": seconds(polls.longest),
        "blocking": polls.blocking,
    })
}

fn memory(memory: &MemoryStats) -> Value {
    json!({
        "resident_bytes": memory.usage.resident_bytes,
        "virtual_bytes": memory.usage.virtual_bytes,
        "peak_resident_bytes": memory.usage.peak_resident_bytes,
        "baseline_resident_bytes": memory.baseline_resident_bytes,
        "growth_bytes": memory.growth_bytes,
        "samples": memory.samples,
        "growth_warnings": memory.growth_warnings,
        "sampled_at": memory.sampled_at.map(timestamp),
        "allocator": memory.allocator.map(|allocator| json!({
            "live_bytes": allocator.live_bytes,
            "allocations": allocator.allocations,
        })),
    })
}

pub(crate) fn seconds(duration: Duration) -> Value {
    json!(duration.as_secs_f64())
}

/// Seconds since 1970, with fractions; 0 for a clock that stands before.
pub(crate) fn timestamp(at: SystemTime) -> Value {
    seconds(
        at.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
