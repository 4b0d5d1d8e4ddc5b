//! The parts of a snapshot that are about SQLite, as JSON.

use crate::export::json::{seconds, tally};
use crate::export::object::Object;
use crate::model::finding::Finding;
use crate::model::histogram::Histogram;
use crate::model::plan::QueryPlan;
use crate::model::pool::PoolStats;
use crate::model::request_id::RequestId;
use crate::model::statement_stats::StatementStats;
use crate::model::transaction::TransactionStats;

pub(crate) fn statement(object: &mut Object<'_>, statement: &StatementStats) {
    let facts = &statement.facts;
    object.put("type", statement.query_type);
    object.put("table", &statement.table);
    object.put("name", &statement.name);
    object.put("fingerprint", &statement.fingerprint);
    tally(object, &statement.tally);
    object.put("rows", facts.rows);
    object.put("rows_changed", facts.rows_changed);
    object.put("fresh", facts.fresh);
    object.put("reused", facts.reused);
    object.put("in_transaction", facts.in_transaction);
    object.put("vm_steps", facts.vm_steps);
    object.put("scans", facts.scans);
    object.put("scan_steps", facts.scan_steps);
    object.put("sorts", facts.sorts);
    object.put("auto_index_rows", facts.auto_index_rows);
    object.put("prepare_seconds", seconds(facts.prepare_time));
    object.put("caller_seconds", seconds(facts.caller_time));
    object.put("many_rows", facts.many_rows);
    object.put("first_row_seconds", seconds(facts.first_row_time));
    object.put("lock_waits", facts.lock_waits);
    object.put("lock_wait_seconds", seconds(facts.lock_wait_time));
    object.put("lock_retries", facts.lock_retries);
    object.put("lock_give_ups", facts.lock_give_ups);
    object.object("functions", |callers| calls(callers, &statement.functions));
    object.object("routes", |callers| calls(callers, &statement.routes));
    object.put("last_slow_request", statement.last_slow_request.map(text));
    object.optional("plan", statement.plan.as_ref(), plan);
}

fn plan(object: &mut Object<'_>, plan: &QueryPlan) {
    match plan {
        QueryPlan::Steps(steps) => object.put("steps", steps),
        QueryPlan::Unavailable(why) => object.put("unavailable", why),
    }
}

pub(crate) fn transaction(object: &mut Object<'_>, transaction: &TransactionStats) {
    object.put("function", &transaction.function);
    object.put("open_seconds", seconds(transaction.open_time));
    object.put("open_p95_seconds", p95(&transaction.open));
    object.put("write_locks", transaction.write_lock.count());
    object.put("write_lock_seconds", seconds(transaction.write_lock_time));
    object.put("write_lock_p95_seconds", p95(&transaction.write_lock));
    object.put("idle_seconds", seconds(transaction.idle_time));
    object.put("commit_seconds", seconds(transaction.commit_time));
    object.put("commit_p95_seconds", p95(&transaction.commit));
    object.put("statements", transaction.statements);
    object.put("writes", transaction.writes);
    object.put("committed", transaction.committed);
    object.put("rolled_back", transaction.rolled_back);
    object.put("left_open", transaction.left_open);
}

pub(crate) fn pool(object: &mut Object<'_>, pool: &PoolStats) {
    object.put("name", &pool.name);
    object.put("connections", pool.connections);
    object.put("busy", pool.busy);
    object.put("idle", pool.idle());
    object.put("waits", pool.wait.count());
    object.put("wait_seconds", seconds(pool.wait_time));
    object.put("wait_p95_seconds", p95(&pool.wait));
    object.put("use_seconds", seconds(pool.use_time));
    object.put("use_p95_seconds", p95(&pool.usage));
    object.put("timeouts", pool.timeouts);
}

pub(crate) fn finding(object: &mut Object<'_>, finding: &Finding) {
    object.put("kind", finding.kind.as_str());
    object.put("statement", &finding.statement);
    object.put("function", &finding.function);
    object.put("route", &finding.route);
    object.put("count", finding.count);
    object.put("seconds", seconds(finding.time));
    object.put("evidence", &finding.evidence);
    object.put("advice", &finding.advice);
    object.put(
        "requests",
        finding
            .requests
            .iter()
            .copied()
            .map(text)
            .collect::<Vec<_>>(),
    );
}

fn calls(object: &mut Object<'_>, calls: &[(String, u64)]) {
    for (caller, calls) in calls {
        object.put(caller, calls);
    }
}

fn p95(histogram: &Histogram) -> f64 {
    seconds(histogram.quantile(0.95))
}

fn text(id: RequestId) -> String {
    id.to_string()
}
