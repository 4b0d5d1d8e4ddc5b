//! What is found of whole requests: of the pages that are slow on purpose, and of those that fail.

use starpunk_metrics::{Finding, FindingKind, Snapshot, TraceReason};
use ureq::http::Response;

use crate::journey::site::{Site, header};

const SLOW_PAGES: [&str; 5] = [
    "/slow/repeated",
    "/slow/scan",
    "/slow/many",
    "/slow/blocked",
    "/slow/waiting",
];

/// The finding of this kind at this page. Others may have found the machine busy.
fn found<'a>(snapshot: &'a Snapshot, kind: FindingKind, path: &str) -> &'a Finding {
    let route = format!("GET {path}");
    let mut findings = snapshot.findings().iter();
    let found = findings
        .find(|finding| finding.kind == kind && finding.route.as_deref() == Some(route.as_str()));
    found.unwrap_or_else(|| panic!("no {kind} at {path} in {:?}", snapshot.findings()))
}

/// Opens a page, and checks that its trouble is found with this very request as an example, whose story can be read.
fn troubled(
    site: &Site,
    path: &str,
    kind: FindingKind,
    reason: TraceReason,
) -> (Response<String>, Snapshot) {
    let page = site.get(path);
    let snapshot = site.settled();
    let id = header(&page, "x-request-id");
    let [example] = found(&snapshot, kind, path).requests[..] else {
        panic!("one request expected: {:?}", snapshot.findings());
    };
    assert_eq!(example.to_string(), id);
    let trace = snapshot.trace(example).unwrap();
    assert!(trace.reasons().contains(&reason), "{trace}");

    let story = site.get(&format!("/requests/{id}"));
    assert_eq!(story.status(), 200);
    let heading = format!("<h1>GET {path}</h1>");
    assert!(story.body().contains(&heading), "{}", story.body());
    assert!(story.body().contains(reason.as_str()), "{}", story.body());
    let findings = site.get("/findings");
    for part in [kind.as_str(), &format!("GET {path}"), id] {
        assert!(findings.body().contains(part), "{}", findings.body());
    }
    (page, snapshot)
}

#[test]
fn slow_pages_are_there_only_if_they_are_wanted() {
    let site = Site::open();
    for path in SLOW_PAGES {
        let page = site.get(path);
        assert_eq!(page.status(), 404, "{path}");
        assert!(page.body().contains("<h1>Not Found</h1>"), "{path}");
    }
    let site = Site::open_slow_demo();
    for path in SLOW_PAGES {
        assert_eq!(site.get(path).status(), 200, "{path}");
        assert_eq!(site.bare("POST", path).status(), 405, "{path}");
    }
}

#[test]
fn numbers_that_are_asked_for_one_by_one_are_many_statements_and_no_repetition() {
    let site = Site::open_slow_demo();
    let kind = FindingKind::ManyStatements;
    let (page, snapshot) = troubled(&site, "/slow/many", kind, TraceReason::ManyStatements);
    assert!(page.body().contains("52 numbers"), "{}", page.body());
    assert!(page.body().contains("12 in a decade"), "{}", page.body());
    let finding = found(&snapshot, kind, "/slow/many");
    assert!(finding.evidence.ends_with("one of them 52"), "{finding:?}");
    assert_eq!(finding.statement, None, "no one of them is to blame");
    let mut findings = snapshot.findings().iter();
    assert!(findings.all(|finding| finding.kind != FindingKind::RepeatedSelect));
}

#[test]
fn page_that_computes_on_its_worker_blocks_it() {
    let site = Site::open_watching_workers();
    let kind = FindingKind::BlockedExecutor;
    let reason = TraceReason::BlockedExecutor;
    let (_, snapshot) = troubled(&site, "/slow/blocked", kind, reason);
    let finding = found(&snapshot, kind, "/slow/blocked");
    assert_eq!(finding.statement, None);
    assert!(finding.advice.contains("starpunk_metrics::block"));
}

#[test]
fn statement_that_runs_on_the_worker_is_named() {
    let site = Site::open_watching_workers();
    let kind = FindingKind::BlockedExecutor;
    let (_, snapshot) = troubled(&site, "/block", kind, TraceReason::BlockedExecutor);
    let statement = found(&snapshot, kind, "/block").statement.as_deref();
    let statement = statement.unwrap();
    assert!(
        statement.starts_with("WITH RECURSIVE number"),
        "{statement}"
    );
}

#[test]
fn page_that_waits_is_slow_and_blocks_nobody() {
    let site = Site::open_slow_demo();
    let kind = FindingKind::SlowRequests;
    let (_, snapshot) = troubled(&site, "/slow/waiting", kind, TraceReason::Slow);
    let finding = found(&snapshot, kind, "/slow/waiting");
    assert_eq!(finding.statement, None);
    assert!(
        finding.advice.contains("waits for something"),
        "{finding:?}"
    );
    let trace = snapshot.trace(finding.requests[0]).unwrap();
    assert!(trace.busy() * 2 < trace.duration(), "{trace}");
}

#[test]
fn pages_that_fail_are_found_with_how_they_failed() {
    let site = Site::open();
    let kind = FindingKind::FailingRequests;
    for (path, evidence) in [
        ("/fail", " failed: 1 x 500"),
        ("/panic", " failed: 1 x panic"),
    ] {
        let (page, snapshot) = troubled(&site, path, kind, TraceReason::Failed);
        assert_eq!(page.status(), 500, "{path}");
        let finding = found(&snapshot, kind, path);
        assert!(finding.evidence.ends_with(evidence), "{finding:?}");
    }
}
