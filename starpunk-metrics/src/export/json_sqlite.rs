//! The parts of a snapshot that are about SQLite, as JSON.

use serde_json::{Map, Value, json};

use crate::export::json::{seconds, tally};
use crate::model::finding::Finding;
use crate::model::histogram::Histogram;
use crate::model::plan::QueryPlan;
use crate::model::pool::PoolStats;
use crate::model::request_id::RequestId;
use crate::model::statement_stats::StatementStats;
use crate::model::transaction::TransactionStats;

pub(crate) fn statement(statement: &StatementStats) -> Value {
    let facts = &statement.facts;
    let mut object = tally(&statement.tally);
    object["type"] = json!(statement.query_type);
    object["table"] = json!(statement.table);
    object["name"] = json!(statement.name);
    object["fingerprint"] = json!(statement.fingerprint);
    object["rows"] = json!(facts.rows);
    object["rows_changed"] = json!(facts.rows_changed);
    object["fresh"] = json!(facts.fresh);
    object["reused"] = json!(facts.reused);
    object["in_transaction"] = json!(facts.in_transaction);
    object["vm_steps"] = json!(facts.vm_steps);
    object["scans"] = json!(facts.scans);
    object["scan_steps"] = json!(facts.scan_steps);
    object["sorts"] = json!(facts.sorts);
    object["auto_index_rows"] = json!(facts.auto_index_rows);
    object["prepare_seconds"] = seconds(facts.prepare_time);
    object["caller_seconds"] = seconds(facts.caller_time);
    object["many_rows"] = json!(facts.many_rows);
    object["first_row_seconds"] = seconds(facts.first_row_time);
    object["lock_waits"] = json!(facts.lock_waits);
    object["lock_wait_seconds"] = seconds(facts.lock_wait_time);
    object["lock_retries"] = json!(facts.lock_retries);
    object["lock_give_ups"] = json!(facts.lock_give_ups);
    object["functions"] = calls(&statement.functions);
    object["routes"] = calls(&statement.routes);
    object["last_slow_request"] = json!(statement.last_slow_request.map(text));
    object["plan"] = match &statement.plan {
        None => Value::Null,
        Some(QueryPlan::Steps(steps)) => json!({ "steps": steps }),
        Some(QueryPlan::Unavailable(why)) => json!({ "unavailable": why }),
    };
    object
}

pub(crate) fn transaction(transaction: &TransactionStats) -> Value {
    json!({
        "function": transaction.function,
        "open_seconds": seconds(transaction.open_time),
        "open_p95_seconds": p95(&transaction.open),
        "write_locks": transaction.write_lock.count(),
        "write_lock_seconds": seconds(transaction.write_lock_time),
        "write_lock_p95_seconds": p95(&transaction.write_lock),
        "idle_seconds": seconds(transaction.idle_time),
        "commit_seconds": seconds(transaction.commit_time),
        "commit_p95_seconds": p95(&transaction.commit),
        "statements": transaction.statements,
        "writes": transaction.writes,
        "committed": transaction.committed,
        "rolled_back": transaction.rolled_back,
        "left_open": transaction.left_open,
    })
}

pub(crate) fn pool(pool: &PoolStats) -> Value {
    json!({
        "name": pool.name,
        "connections": pool.connections,
        "busy": pool.busy,
        "idle": pool.idle(),
        "waits": pool.wait.count(),
        "wait_seconds": seconds(pool.wait_time),
        "wait_p95_seconds": p95(&pool.wait),
        "use_seconds": seconds(pool.use_time),
        "use_p95_seconds": p95(&pool.usage),
        "timeouts": pool.timeouts,
    })
}

pub(crate) fn finding(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind.as_str(),
        "statement": finding.statement,
        "function": finding.function,
        "route": finding.route,
        "count": finding.count,
        "seconds": seconds(finding.time),
        "evidence": finding.evidence,
        "advice": finding.advice,
        "requests": finding.requests.iter().copied().map(text).collect::<Vec<_>>(),
    })
}

fn calls(calls: &[(String, u64)]) -> Value {
    let calls: Map<String, Value> = calls
        .iter()
        .map(|(caller, calls)| (caller.clone(), json!(calls)))
        .collect();
    json!(calls)
}

fn p95(histogram: &Histogram) -> Value {
    seconds(histogram.quantile(0.95))
}

fn text(id: RequestId) -> String {
    id.to_string()
}
