//! The parts of a snapshot that are about requests, as JSON: what each route did, and the traces that were kept.
//!
//! A snapshot has a summary of each trace. The whole story of one is asked for by itself, as it may have 200 spans.

use crate::export::json::{polls, seconds, tally, timestamp};
use crate::export::object::{Object, written};
use crate::model::client_request_id::ClientRequestId;
use crate::model::field;
use crate::model::route::RouteStats;
use crate::model::span::TraceSpan;
use crate::model::trace::{RequestTrace, TraceReason};

impl RequestTrace {
    /// Returns the trace with all its spans as one JSON object; durations are in seconds, timestamps in seconds since 1970.
    ///
    /// [`Snapshot::to_json`](crate::Snapshot::to_json) has all of it but the spans.
    pub fn to_json(&self) -> String {
        written(|object| {
            trace(object, self);
            object.list("spans", self.spans(), |object, of| span(object, &of));
        })
    }
}

pub(crate) fn route(object: &mut Object<'_>, route: &RouteStats) {
    object.put("method", &route.method);
    object.put("route", &route.route);
    tally(object, &route.tally);
    object.put("in_flight", route.in_flight);
    object.object("outcomes", |outcomes| {
        for (outcome, count) in &route.outcomes {
            outcomes.put(outcome.as_str(), count);
        }
    });
    object.object("statuses", |statuses| {
        for (status, count) in &route.statuses {
            statuses.put(&status.to_string(), count);
        }
    });
    object.put("head_p50_seconds", seconds(route.head.quantile(0.50)));
    object.put("head_p95_seconds", seconds(route.head.quantile(0.95)));
    object.object("sessions", |object| {
        object.put("count", route.sessions.count());
        object.put("p50_seconds", seconds(route.sessions.quantile(0.50)));
        object.put("max_seconds", seconds(route.sessions.max()));
    });
    object.object("polls", |object| polls(object, &route.polls));
    object.put("request_bytes", route.request_bytes);
    object.put("response_bytes", route.response_bytes);
    object.put("statements", route.statements);
    object.put("statement_seconds", seconds(route.statement_time));
}

/// Everything but the spans.
pub(crate) fn trace(object: &mut Object<'_>, trace: &RequestTrace) {
    let client = trace.client_request_id().map(ClientRequestId::as_str);
    let parent = trace.trace_parent();
    let reasons = trace.reasons().into_iter().map(TraceReason::as_str);
    object.put("request_id", trace.request_id().to_string());
    object.put("client_request_id", client);
    object.put(
        "trace_id",
        parent.map(|parent| parent.trace_id_hex().to_string()),
    );
    object.put(
        "parent_id",
        parent.map(|parent| parent.parent_id_hex().to_string()),
    );
    object.put("method", trace.method());
    object.put("route", trace.route());
    object.put("status", trace.status());
    object.put("outcome", trace.outcome().as_str());
    object.put("reasons", reasons.collect::<Vec<_>>());
    object.put("started_at", timestamp(trace.started_at()));
    object.put("duration_seconds", seconds(trace.duration()));
    object.put("head_seconds", trace.head().map(seconds));
    object.put("busy_seconds", seconds(trace.busy()));
    object.put("longest_poll_seconds", seconds(trace.longest_poll()));
    object.put("request_bytes", trace.request_bytes());
    object.put("response_bytes", trace.response_bytes());
    object.put("statements", trace.statements());
    object.put("statement_seconds", seconds(trace.statement_time()));
    object.put("omitted", trace.omitted());
    object.put("thread", trace.thread());
}

fn span(object: &mut Object<'_>, span: &TraceSpan) {
    object.put("kind", span.kind.as_str());
    object.put("name", &span.name);
    object.put("statement", &span.statement);
    object.put("function", &span.function);
    object.put("offset_seconds", seconds(span.offset));
    object.put("duration_seconds", seconds(span.duration));
    object.put("thread", span.thread);
    object.put("rows", span.rows);
    object.put("outcome", span.outcome.to_string());
    object.put("late", span.is_late);
    object.object("fields", |fields| {
        for (name, value) in span.fields.iter() {
            put_field(fields, name, value);
        }
    });
}

/// A field in the type that it has.
fn put_field(object: &mut Object<'_>, name: &str, value: &field::Value) {
    match value {
        field::Value::Bool(value) => object.put(name, value),
        field::Value::I64(value) => object.put(name, value),
        field::Value::U64(value) => object.put(name, value),
        field::Value::F64(value) => object.put(name, value),
        field::Value::Text(value) => object.put(name, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trace::{Children, Reasons, TraceRecord};
    use serde_json::{Value, json};
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use crate::model::client::{Client, Inbound};
    use crate::model::clock::{TickSpan, Ticks, WallTime, ticks_in};
    use crate::model::ended_request::{EndedRequest, RequestEnd, RequestPolls};
    use crate::model::names::{Effect, KnownShape, Names, Shape};
    use crate::model::operation::OutcomeKind;
    use crate::model::request_id::RequestId;
    use crate::model::request_outcome::RequestOutcome;
    use crate::model::route::RouteSeries;
    use crate::model::route_names::RouteName;
    use crate::model::snapshot::Snapshot;
    use crate::model::span::Child;
    use crate::model::statement::{Flags, Statement};
    use crate::model::trace_parent::TraceParent;

    const PARENT: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-00ad6b7169203331-01";

    fn millis(millis: u64) -> TickSpan {
        TickSpan::of(ticks_in(Duration::from_millis(millis)))
    }

    fn end(route: u32) -> RequestEnd {
        RequestEnd {
            route,
            outcome: RequestOutcome::ServerError,
            status: Some(500),
            head: Some(Ticks::ZERO.after(millis(30))),
            end: Ticks::ZERO.after(millis(40)),
            response_bytes: 12,
            is_session: false,
            polls: RequestPolls {
                busy: millis(20),
                longest: millis(10),
                longest_began: Ticks::ZERO,
            },
            statements: 1,
            statement_ticks: ticks_in(Duration::from_millis(5)),
        }
    }

    fn statement(shape: u16) -> Statement {
        Statement {
            function: None,
            start: Ticks::ZERO.after(millis(2)),
            detail: None,
            request: None,
            taken: millis(5),
            rows: 7,
            steps: 0,
            shape,
            flags: Flags::default(),
            outcome: OutcomeKind::Error,
        }
    }

    /// One statement that failed, in a request that did so for that.
    fn failed() -> RequestTrace {
        let names = Names::default();
        let (route, _) = names.routes.intern("POST", "/notes/{id}");
        let shape = Shape {
            query_type: "UPDATE",
            table: "notes".into(),
            name: "UPDATE notes".into(),
            fingerprint: "UPDATE notes SET n = ?".into(),
            effect: Effect::Write,
        };
        let shape = names
            .shapes
            .intern("update notes", || KnownShape::new(shape));
        let shape = u16::try_from(shape).expect("it is the first");
        let inbound = Inbound {
            client_request_id: ClientRequestId::parse(b"order-17"),
            is_adopted: false,
            trace_parent: TraceParent::parse(PARENT),
        };
        let mut request = EndedRequest::new(RequestId::random(), Some(end(route)));
        request.client = Client::from(inbound);
        request.bytes = 3;
        let mut reasons = Reasons::default();
        reasons.add(TraceReason::Failed);
        reasons.add(TraceReason::Slow);
        let record = TraceRecord {
            started_at: WallTime::from(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500)),
            duration: request.duration(),
            request: Arc::new(request),
            thread: 0,
            reasons,
            children: Children::from(vec![Child::of_statement(&statement(shape), 4)]),
            omitted: 2,
        };
        RequestTrace::new(record, Arc::new(names))
    }

    fn parsed(json: &str) -> Value {
        serde_json::from_str(json).expect("valid JSON")
    }

    /// How many milliseconds it says; ticks are a little finer than what was asked for.
    fn told_millis(seconds: &Value) -> f64 {
        (seconds.as_f64().expect("a number") * 1_000.0).round()
    }

    #[test]
    fn a_trace_tells_its_whole_story() {
        let trace = failed();
        let json = parsed(&trace.to_json());
        for (name, expected) in [
            ("request_id", json!(trace.request_id().to_string())),
            ("client_request_id", json!("order-17")),
            ("trace_id", json!("0af7651916cd43dd8448eb211c80319c")),
            ("parent_id", json!("00ad6b7169203331")),
            ("method", json!("POST")),
            ("route", json!("/notes/{id}")),
            ("status", json!(500)),
            ("outcome", json!("server_error")),
            ("reasons", json!(["failed", "slow"])),
            ("started_at", json!(1.5)),
            ("request_bytes", json!(3)),
            ("response_bytes", json!(12)),
            ("statements", json!(1)),
            ("omitted", json!(2)),
            ("thread", Value::Null),
        ] {
            assert_eq!(json[name], expected, "{name}");
        }
        for (name, expected) in [
            ("duration_seconds", 40.0),
            ("head_seconds", 30.0),
            ("busy_seconds", 20.0),
            ("longest_poll_seconds", 10.0),
            ("statement_seconds", 5.0),
        ] {
            assert_eq!(told_millis(&json[name]), expected, "{name}");
        }
        let [span] = &json["spans"].as_array().expect("a list")[..] else {
            panic!("one span expected: {json}");
        };
        for (name, expected) in [
            ("kind", json!("statement")),
            ("name", json!("UPDATE notes")),
            ("statement", json!("UPDATE notes SET n = ?")),
            ("function", Value::Null),
            ("thread", json!(4)),
            ("rows", json!(7)),
            ("outcome", json!("error(unknown)")),
            ("late", json!(false)),
            ("fields", json!({})),
        ] {
            assert_eq!(span[name], expected, "{name}");
        }
        assert_eq!(told_millis(&span["offset_seconds"]), 2.0);
        assert_eq!(told_millis(&span["duration_seconds"]), 5.0);
    }

    #[test]
    fn a_snapshot_has_the_traces_without_their_spans() {
        let snapshot = Snapshot {
            traces: vec![failed()],
            ..Snapshot::default()
        };
        let json = parsed(&snapshot.to_json());
        assert_eq!(json["traces"][0]["route"], "/notes/{id}");
        assert_eq!(json["traces"][0].get("spans"), None);
    }

    #[test]
    fn a_route_tells_how_its_requests_ended_and_how_long_its_sessions_lasted() {
        let name = RouteName::new("GET", "/");
        let mut stats = RouteSeries::default().stats(&name, 3);
        stats.outcomes = vec![(RequestOutcome::AbortedBody, 2)];
        stats.statuses = vec![(200, 2)];
        stats.sessions.record(Duration::from_secs(2));
        let json = parsed(&written(|object| route(object, &stats)));
        assert_eq!(json["method"], "GET");
        assert_eq!(json["in_flight"], 3);
        assert_eq!(json["untimed"], 0);
        assert_eq!(json["outcomes"], json!({ "aborted_body": 2 }));
        assert_eq!(json["statuses"], json!({ "200": 2 }));
        assert_eq!(json["polls"]["blocking"], 0);
        assert_eq!(json["head_p50_seconds"], 0.0);
        assert_eq!(json["sessions"]["count"], 1);
        let longest = told_millis(&json["sessions"]["max_seconds"]);
        assert!((1_900.0..=2_100.0).contains(&longest), "{longest}");
    }

    #[test]
    fn fields_keep_their_types() {
        for (value, expected) in [
            (field::Value::from(true), json!(true)),
            (field::Value::from(-3), json!(-3)),
            (field::Value::from(u64::MAX), json!(u64::MAX)),
            (field::Value::from(0.5), json!(0.5)),
            (field::Value::from(f64::INFINITY), Value::Null),
            (field::Value::from("a \"word\""), json!("a \"word\"")),
        ] {
            let json = parsed(&written(|object| put_field(object, "told", &value)));
            assert_eq!(json["told"], expected);
        }
    }
}
