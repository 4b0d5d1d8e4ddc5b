//! Turns what was gathered into what is read: names are looked up here, and series of one name added up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::collect::state::{Record, State};
use crate::model::aggregate::{Aggregate, sum};
use crate::model::callsite::CallKind;
use crate::model::ended_request::{EndedRequest, RequestEnd};
use crate::model::event::{Call, Event};
use crate::model::field::Fields;
use crate::model::metric::{Metric, MetricsStats, TypeStats};
use crate::model::names::{Names, Shape};
use crate::model::operation::OperationType;
use crate::model::policy::Policy;
use crate::model::poll::PollStats;
use crate::model::route::{RouteSeries, RouteStats};
use crate::model::route_names::RouteName;
use crate::model::snapshot::{OperationStats, QueryStats};
use crate::model::statement::{Flags, Statement, StatementDetail};
use crate::model::tally::Tally;
use crate::model::trace::milliseconds;

/// The kept records, oldest first.
pub(crate) fn metrics(state: &State, names: &Names, policy: &Policy) -> Vec<Metric> {
    // By the clock that is never set, and not by the wall's, which each round reads anew.
    let mut records: Vec<(&Record, bool)> = state.records().collect();
    records.sort_by_key(|(record, _)| record.event.end());
    let metrics = records.into_iter();
    metrics
        .filter_map(|(record, forced)| metric(record, forced, names, policy))
        .collect()
}

pub(crate) fn stats(state: &State, max_size: usize, dropped: u64) -> MetricsStats {
    let mut by_type: BTreeMap<OperationType, Tally> = BTreeMap::new();
    for (operation_type, tally) in tallies(&state.aggregate) {
        by_type.entry(operation_type).or_default().merge(tally);
    }
    MetricsStats {
        total_count: by_type.values().map(Tally::count).sum(),
        buffered_count: state.buffered(),
        max_size,
        forced_count: by_type.values().map(Tally::forced).sum(),
        dropped,
        by_type: by_type
            .iter()
            .map(|(&operation_type, tally)| (operation_type, TypeStats::from(tally)))
            .collect(),
    }
}

/// How many operations were collected.
pub(crate) fn collected(aggregate: &Aggregate) -> u64 {
    tallies(aggregate).map(|(_, tally)| tally.count()).sum()
}

pub(crate) fn operations(aggregate: &Aggregate, names: &Names) -> Vec<OperationStats> {
    let mut all = ByName::default();
    for (number, series) in aggregate.routes.iter() {
        let name = names.routes.get(number_of(number));
        let (name, tally) = (&*name.name, &series.tally);
        all.add(OperationType::Http, name, name, tally, |_| {});
    }
    for (number, series) in aggregate.statements.iter() {
        let known = names.shapes.get(number_of(number));
        let (name, tally) = (&*known.shape.name, &series.tally);
        // SQLite's names are the same in any case; the first that comes is shown.
        let key = name.to_ascii_lowercase();
        all.add(OperationType::Database, key, name, tally, |of| {
            of.rows += series.facts.rows;
            of.rows_changed = sum(of.rows_changed, series.facts.rows_changed);
        });
    }
    for (_, series) in aggregate.calls.iter() {
        let (of_type, name) = (series.site.operation_type(), series.site.name());
        all.add(of_type, name, name, &series.operations(), |of| {
            add_polls(&mut of.polls, &series.polls);
        });
    }
    all.0.into_values().collect()
}

/// Series by type and name: several places may share one.
#[derive(Default)]
struct ByName(BTreeMap<(OperationType, String), OperationStats>);

impl ByName {
    fn add(
        &mut self,
        operation_type: OperationType,
        key: impl Into<String>,
        name: &str,
        tally: &Tally,
        add_more: impl FnOnce(&mut OperationStats),
    ) {
        if tally.count() == 0 {
            return;
        }
        let series = self
            .0
            .entry((operation_type, key.into()))
            .or_insert_with(|| OperationStats {
                operation_type,
                name: name.to_owned(),
                tally: Tally::default(),
                rows: 0,
                rows_changed: None,
                polls: None,
            });
        series.tally.merge(tally);
        add_more(series);
    }
}

fn add_polls(sum: &mut Option<PollStats>, polls: &PollStats) {
    if polls.calls > 0 {
        sum.get_or_insert_default().merge(polls);
    }
}

/// The requests by method and route, those included that have only begun.
pub(crate) fn routes(
    aggregate: &Aggregate,
    names: &Names,
    in_flight: &[(u32, u64)],
) -> Vec<RouteStats> {
    let none = RouteSeries::default();
    let counted = aggregate.routes.iter();
    let mut all: BTreeMap<u32, &RouteSeries> = counted
        .map(|(number, series)| (number_of(number), series))
        .collect();
    for (number, _) in in_flight {
        all.entry(*number).or_insert(&none);
    }
    let mut routes: Vec<RouteStats> = all
        .into_iter()
        .map(|(number, series)| {
            let here = in_flight.iter().find(|(known, _)| *known == number);
            let in_flight = here.map_or(0, |(_, count)| *count);
            series.stats(&names.routes.get(number), in_flight)
        })
        .collect();
    routes.sort_by(|a, b| (&a.route, &a.method).cmp(&(&b.route, &b.method)));
    routes
}

pub(crate) fn queries(aggregate: &Aggregate) -> Vec<QueryStats> {
    let mut by_name: BTreeMap<&str, QueryStats> = BTreeMap::new();
    for (_, series) in aggregate.calls.iter() {
        if series.site.operation_type() != OperationType::Database {
            continue;
        }
        let name = series.site.name();
        let query = by_name.entry(name).or_insert_with(|| QueryStats {
            name: name.to_owned(),
            tally: Tally::default(),
            statements: 0,
            table: series.site.table_name(),
            polls: None,
        });
        query.tally.merge(&series.calls());
        query.statements += series.statements;
        add_polls(&mut query.polls, &series.polls);
    }
    by_name.into_values().collect()
}

/// Every tally that counts operations, once.
fn tallies(aggregate: &Aggregate) -> impl Iterator<Item = (OperationType, &Tally)> {
    let routes = aggregate
        .routes
        .iter()
        .map(|(_, series)| (OperationType::Http, &series.tally));
    let statements = aggregate
        .statements
        .iter()
        .map(|(_, series)| (OperationType::Database, &series.tally));
    let calls = aggregate.calls.iter().flat_map(|(_, series)| {
        let of_type = series.site.operation_type();
        series.parts().map(|tally| (of_type, tally))
    });
    routes
        .chain(statements)
        .chain(calls)
        .filter(|(_, tally)| tally.count() > 0)
}

fn metric(record: &Record, forced: bool, names: &Names, policy: &Policy) -> Option<Metric> {
    let (operation_type, operation_name, fields) = match &record.event {
        Event::Call(call) => (
            call.site.operation_type(),
            call.site.name().to_owned(),
            call_fields(call, policy),
        ),
        Event::Statement(statement) => {
            let shape = &names.shapes.get(u32::from(statement.shape)).shape;
            let fields = statement_fields(statement, shape, names);
            (OperationType::Database, shape.name.to_string(), fields)
        }
        Event::Request(request) => {
            let end = request.end.as_ref()?;
            let name = names.routes.get(end.route);
            let fields = request_fields(request, end, &name);
            (OperationType::Http, name.name.to_string(), fields)
        }
        // They are no operations, and no record of them is ever kept.
        Event::Transaction(_) | Event::PoolUse(_) => return None,
    };
    Some(Metric {
        operation_type,
        operation_name,
        duration: Duration::from_nanos(record.nanos),
        timestamp: record.ended_at.into(),
        request_id: record.event.request_id(),
        outcome: record.event.outcome(),
        forced,
        fields,
    })
}

fn call_fields(call: &Call, policy: &Policy) -> Fields {
    let given = call.detail.as_ref().map(|detail| detail.fields.to_vec());
    let mut fields = Fields::from(given.unwrap_or_default());
    if call.site.operation_type() == OperationType::Database {
        fields.push("query_name", call.site.name());
        if let Some(table) = call.site.table_name() {
            fields.push("table", table);
        }
        fields.push("statements", call.statements);
    }
    if call.polls.is_async() {
        fields.push("busy_ms", milliseconds(call.polls.busy()));
        fields.push("longest_poll_ms", milliseconds(call.polls.longest()));
        fields.push("blocking", policy.is_slow_poll(call.polls));
    }
    fields
}

fn statement_fields(statement: &Statement, shape: &Shape, names: &Names) -> Fields {
    let mut fields = Fields::default();
    fields.push("query_type", shape.query_type);
    fields.push("table", &*shape.table);
    fields.push("fingerprint", &*shape.fingerprint);
    if let Some(function) = statement.function {
        let name = match function.kind() {
            CallKind::Query => "query_name",
            CallKind::Business => "function",
        };
        fields.push(name, function.name());
    }
    fields.push("rows", statement.rows);
    fields.push("vm_steps", statement.steps);
    let flags = statement.flags;
    if flags.has(Flags::FRESH) || flags.has(Flags::REUSED) {
        fields.push("fresh", flags.has(Flags::FRESH));
    }
    if flags.has(Flags::IN_TRANSACTION) {
        fields.push("in_transaction", true);
    }
    if let Some(detail) = &statement.detail {
        detail_fields(detail, names, &mut fields);
    }
    fields
}

fn detail_fields(detail: &StatementDetail, names: &Names, fields: &mut Fields) {
    if let Some(changed) = detail.rows_changed {
        fields.push("rows_changed", changed);
    }
    if let Some(code) = detail.error_code {
        fields.push("error_code", code);
    }
    if let Some(size) = detail.batch_size {
        fields.push("batch_size", size);
    }
    let counters = [
        ("scan_steps", detail.scan_steps),
        ("sorts", detail.sorts),
        ("auto_index_rows", detail.auto_index_rows),
    ];
    for (name, count) in counters {
        if count > 0 {
            fields.push(name, count);
        }
    }
    let caller = (!detail.caller.is_zero()).then_some(detail.caller);
    let times = [
        ("first_row_ms", detail.first_row),
        ("caller_ms", caller),
        ("prepare_ms", detail.prepare),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            fields.push(name, milliseconds(time.duration()));
        }
    }
    if let Some(lock) = &detail.lock {
        fields.push("lock_wait_ms", milliseconds(lock.waited.duration()));
        fields.push("lock_retries", lock.retries);
        fields.push("lock_given_up", lock.gave_up);
        if let Some(holder) = &lock.holder {
            let holder_shape = names.shapes.get(u32::from(holder.shape));
            fields.push("lock_holder", &*holder_shape.shape.fingerprint);
        }
    }
}

fn request_fields(request: &EndedRequest, end: &RequestEnd, name: &RouteName) -> Fields {
    let mut fields = Fields::default();
    fields.push("method", name.method);
    fields.push("route", &*name.route);
    fields.push("outcome", end.outcome.as_str());
    if let Some(status) = end.status {
        fields.push("status", status);
    }
    if let Some(head) = end.head {
        fields.push("head_ms", milliseconds(request.start.until(head)));
    }
    if end.is_session {
        let session = request.start.until(end.end);
        fields.push("session_ms", milliseconds(session));
    }
    fields.push("busy_ms", milliseconds(end.polls.busy.duration()));
    let longest = end.polls.longest.duration();
    fields.push("longest_poll_ms", milliseconds(longest));
    fields.push("request_bytes", request.bytes);
    fields.push("response_bytes", end.response_bytes);
    fields.push("statements", end.statements);
    fields.push("statement_ms", milliseconds(end.statement_time()));
    if let Some(id) = request.client.request_id() {
        fields.push("client_request_id", id.as_str());
    }
    if let Some(parent) = request.client.trace_parent() {
        fields.push("trace_id", parent.trace_id_hex().to_string());
        fields.push("parent_id", parent.parent_id_hex().to_string());
    }
    fields
}

/// Tables are indexed by `usize`; the numbers in them were given out as `u32`.
fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(crate::model::interner::OVERFLOW)
}
