//! What survives when little is kept, and when more is recorded than can be taken in.

use std::sync::{Barrier, Once};
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use starpunk_metrics::{
    AllocatorStats, Config, DropReason, FindingKind, Outcome, RequestOutcome, TraceReason,
    monitored_query,
};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::Site;

use crate::undisturbed;

#[monitored_query("quick")]
fn quick() {}

async fn panics() -> HttpResponse {
    panic!("on purpose")
}

/// Records more than a channel takes, and fails.
async fn flood(calls: web::Path<u32>) -> HttpResponse {
    (0..*calls).for_each(|_| quick());
    HttpResponse::ServiceUnavailable().finish()
}

fn site(http: starpunk_metrics::HttpMetrics) -> Site {
    serve!(
        App::new()
            .route("/ok", web::get().to(HttpResponse::Ok))
            .route("/fail", web::get().to(HttpResponse::InternalServerError))
            .route("/panic", web::get().to(panics))
            .route("/flood/{calls}", web::get().to(flood))
            .wrap(http.clone())
    )
}

#[test]
fn without_sampling_all_is_counted_and_only_failures_are_kept() {
    let (metrics, http) = starpunk_metrics_tests::measured(undisturbed().sampling_rate(0.0));
    let site = site(http);
    for _ in 0..10 {
        for (path, status) in [
            ("/ok", 200),
            ("/nowhere", 404),
            ("/fail", 500),
            ("/panic", 500),
        ] {
            let response = site.get(path);
            assert_eq!(response.status, status);
            assert_eq!(response.request_id().len(), 36);
        }
    }
    let all = metrics.metrics();
    let kept: Vec<(&str, Outcome, bool)> = all
        .iter()
        .map(|metric| {
            (
                metric.operation_name.as_str(),
                metric.outcome,
                metric.forced,
            )
        })
        .collect();
    let both = [
        ("GET /fail", Outcome::Error("500"), true),
        ("GET /panic", Outcome::Panic, true),
    ];
    assert_eq!(kept, both.repeat(10));
    let snapshot = metrics.snapshot();
    assert_eq!(
        (snapshot.stats.total_count, snapshot.stats.forced_count),
        (40, 20)
    );
    for (route, outcome) in [
        ("/ok", RequestOutcome::Ok),
        ("UNMATCHED", RequestOutcome::ClientError),
        ("/fail", RequestOutcome::ServerError),
        ("/panic", RequestOutcome::Panic),
    ] {
        let counted = snapshot.route("GET", route).unwrap();
        assert_eq!(counted.outcomes, [(outcome, 10)], "{route}");
        assert_eq!(counted.tally.histogram().count(), 10, "{route}");
    }
    assert_eq!(snapshot.traces().len(), 20);
    let mut traces = snapshot.traces().iter();
    assert!(traces.all(|trace| trace.reasons() == [TraceReason::Failed]));
}

/// The collector waits here once, in the middle of its work, for the test to arrive and to let it go.
static STOPPED: Barrier = Barrier::new(2);
static RELEASED: Barrier = Barrier::new(2);

fn stop_the_collector() -> AllocatorStats {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        STOPPED.wait();
        RELEASED.wait();
    });
    AllocatorStats {
        live_bytes: 0,
        allocations: 0,
    }
}

#[test]
fn a_full_channel_loses_no_count_and_no_failure() {
    let config = Config::default()
        .slow_request_threshold(Duration::from_secs(3600))
        .slow_poll_threshold(Duration::from_secs(3600))
        .memory_baseline_delay(Duration::ZERO)
        .allocator_stats(stop_the_collector);
    let (metrics, http) = starpunk_metrics_tests::measured(config);
    let site = site(http);
    STOPPED.wait();
    // Nobody takes anything in now.
    let mut failed = Vec::new();
    for _ in 0..30 {
        let flooded = site.get("/flood/2000");
        assert_eq!(flooded.status, 503);
        failed.push(flooded.request_id());
        failed.push(site.get("/panic").request_id());
        assert_eq!(site.get("/ok").status, 200);
    }
    RELEASED.wait();

    let snapshot = metrics.snapshot();
    let dropped = snapshot.dropped.iter();
    let dropped: Vec<u64> = dropped
        .filter(|(reason, _)| *reason == DropReason::ChannelFull)
        .map(|(_, count)| *count)
        .collect();
    assert!(dropped[0] > 20_000, "it was not full: {dropped:?}");
    let count = |route, outcome| snapshot.route("GET", route).unwrap().count_of(outcome);
    assert_eq!(count("/flood/{calls}", RequestOutcome::ServerError), 30);
    assert_eq!(count("/panic", RequestOutcome::Panic), 30);
    assert_eq!(count("/ok", RequestOutcome::Ok), 30);
    assert_eq!(
        snapshot.route("GET", "/flood/{calls}").unwrap().statuses,
        [(503, 30)]
    );
    assert_eq!(snapshot.queries[0].tally.count(), 60_000);
    assert_eq!(snapshot.stats.total_count, 60_000 + 90);
    assert_eq!(snapshot.stats.forced_count, 60);
    assert_eq!(snapshot.requests_in_flight, 0);

    let all = metrics.metrics();
    let mut kept: Vec<String> = all
        .iter()
        .filter(|metric| metric.forced)
        .map(|metric| metric.request_id.unwrap().to_string())
        .collect();
    kept.sort();
    let findings = snapshot.findings().iter();
    let failing: u64 = findings
        .filter(|finding| finding.kind == FindingKind::FailingRequests)
        .map(|finding| finding.count)
        .sum();
    assert_eq!(failing, 60);
    for id in &failed {
        let trace = metrics
            .trace(id.parse().unwrap())
            .expect("its trace is kept");
        assert_eq!(trace.reasons()[0], TraceReason::Failed);
    }
    failed.sort();
    assert_eq!(kept, failed);
}
