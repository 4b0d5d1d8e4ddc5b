//! The requests whose story was kept, as a page.

use std::cmp::Reverse;

use askama::Template;
use starpunk_metrics::{OperationType, RequestTrace, Snapshot};

use crate::measurements::{milliseconds, moment};
use crate::search::MAX_QUERY_CHARS;
use crate::views::{SITE_DESCRIPTION, SITE_TITLE};

/// The kept requests, those that began last first.
#[derive(Debug, Template)]
#[template(path = "requests.html")]
pub(super) struct RequestsPage {
    traces: Vec<RequestTrace>,
    /// How many requests there were.
    requests: u64,
}

impl RequestsPage {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let by_type = &snapshot.stats.by_type;
        // Those that ended at about the same time are in any order.
        let mut traces = snapshot.traces().to_vec();
        traces.sort_by_key(|trace| Reverse(trace.started_at()));
        Self {
            traces,
            requests: by_type
                .get(&OperationType::Http)
                .map_or(0, |http| http.count),
        }
    }
}

/// Why it was kept, in one line.
pub(super) fn reasons(trace: &RequestTrace) -> String {
    let reasons: Vec<&str> = trace
        .reasons()
        .iter()
        .map(|reason| reason.as_str())
        .collect();
    reasons.join(", ")
}

/// The status that was sent, or a dash where there never was one.
pub(super) fn status(trace: &RequestTrace) -> String {
    let status = trace.status();
    status.map_or_else(|| "-".to_owned(), |status| status.to_string())
}
