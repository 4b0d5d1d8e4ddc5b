//! Requests of every kind, many at once: the numbers add up. `cargo run -p starpunk-metrics-tests --bin soak` sends more.

use starpunk_metrics_tests::soak::{Plan, run};

#[test]
fn every_request_that_the_app_saw_leaves_one_record_whatever_its_client_does() {
    let report = run(Plan {
        requests: 3_000,
        clients: 64,
        seed: 1,
        // Other tests run in this process.
        growth_limit_bytes: None,
    });
    let differences = report.differences();
    assert!(differences.is_empty(), "{differences:#?}\n{report}");
}
