//! Says in the log what happened in each request whose trace is kept.

use crate::model::ended_request::EndedRequest;
use crate::model::names::Names;
use crate::model::trace::{Reasons, TraceReason, TraceRecord, milliseconds};

/// One event for a kept request: an error where it failed, a warning where something is wrong with it, else an information.
pub(crate) fn tell(trace: &TraceRecord, names: &Names) {
    let route = names.routes.get(trace.end().route);
    macro_rules! event {
        ($level:expr, $message:literal) => {
            tracing::event!(
                target: "starpunk_metrics",
                $level,
                request_id = request_id(&trace.request),
                client_request_id = trace.request.client.request_id().map(tracing::field::display),
                method = route.method,
                route = &*route.route,
                status = trace.end().status,
                outcome = trace.end().outcome.as_str(),
                reasons = reasons(trace.reasons),
                duration_ms = rounded(milliseconds(trace.duration)),
                busy_ms = rounded(milliseconds(trace.end().polls.busy.duration())),
                statements = trace.end().statements,
                statement_ms = rounded(milliseconds(trace.end().statement_time())),
                response_bytes = trace.end().response_bytes,
                $message
            )
        };
    }
    if trace.end().outcome.is_failure() {
        event!(tracing::Level::ERROR, "request failed");
    } else if trace.reasons.is_ordinary() {
        event!(tracing::Level::INFO, "request");
    } else {
        event!(tracing::Level::WARN, "request");
    }
}

/// As it is on the response, and on the span.
fn request_id(request: &EndedRequest) -> impl tracing::Value {
    let adopted = request.client.adopted_id();
    tracing::field::display(adopted.map_or_else(|| request.id.to_string(), str::to_owned))
}

fn reasons(reasons: Reasons) -> String {
    let all: Vec<&str> = reasons.iter().map(TraceReason::as_str).collect();
    all.join(",")
}

/// To the microsecond: more is noise, and does not read well.
fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 1_000.0).round() / 1_000.0
}
