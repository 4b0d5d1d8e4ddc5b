//! What is measured of the journeys.

use std::collections::BTreeSet;

use starpunk_metrics::{Metric, OperationType, Outcome};

use crate::journey::site::{Site, header};
use crate::traffic::{self, Report};

/// The kept records of one request, oldest first.
fn of_request(site: &Site, id: &str) -> Vec<Metric> {
    let mut metrics = site.metrics.metrics();
    metrics.retain(|metric| {
        metric
            .request_id
            .is_some_and(|request| request.to_string() == id)
    });
    metrics
}

fn names(metrics: &[Metric], operation_type: OperationType) -> Vec<&str> {
    metrics
        .iter()
        .filter(|metric| metric.operation_type == operation_type)
        .map(|metric| metric.operation_name.as_str())
        .collect()
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let site = Site::open();
    let answers = [
        (200, site.get("/")),
        (404, site.get("/no-such-page")),
        (404, site.get("/notes/none")),
        (400, site.form("/notes", "title=+&body=b")),
        (400, site.form("/notes", "body=b")),
        (400, site.json("POST", "/api/notes", "{")),
        (405, site.bare("DELETE", "/")),
        (500, site.get("/fail")),
        (500, site.get("/panic")),
        (200, site.get("/metrics.json")),
    ];
    let ids: BTreeSet<&str> = answers
        .iter()
        .map(|(status, answer)| {
            assert_eq!(answer.status(), *status);
            header(answer, "x-request-id")
        })
        .collect();
    assert_eq!(ids.len(), answers.len());
    assert!(ids.iter().all(|id| id.len() == 36));
}

#[test]
fn statements_and_events_of_a_page_carry_its_request_id() {
    let mut site = Site::open();
    let written = site.form("/notes", "title=Tea&body=Leaves.&tags=hot");
    let found = site.get("/search?q=tea+leaves");
    site.stop();

    let writing = of_request(&site, header(&written, "x-request-id"));
    assert_eq!(
        names(&writing, OperationType::Database),
        [
            "BEGIN",
            "SELECT note",
            "INSERT note",
            "INSERT note_tag",
            "COMMIT"
        ]
    );
    assert_eq!(names(&writing, OperationType::Render), ["note_created"]);
    assert_eq!(names(&writing, OperationType::Http), ["POST /notes"]);

    let searching = of_request(&site, header(&found, "x-request-id"));
    let queries: Vec<String> = searching
        .iter()
        .filter_map(|metric| Some(metric.fields.get("query_name")?.to_string()))
        .collect();
    assert_eq!(
        queries,
        [
            "blog::search::count_matches",
            "blog::search::matching_notes"
        ]
    );
    let event = searching
        .iter()
        .find(|metric| metric.operation_name == "notes_searched")
        .unwrap();
    assert_eq!(event.fields["words"], 2);
    assert_eq!(event.fields["page"], 1);
    assert_eq!(event.fields["found"], 1);
    assert!(!format!("{searching:?}").contains("leaves"));
}

#[test]
fn failure_is_measured_as_one_operation_of_the_query_that_failed() {
    let mut site = Site::open();
    let failed = site.get("/fail");
    let panicked = site.get("/panic");
    site.stop();

    let failure = of_request(&site, header(&failed, "x-request-id"));
    let query = &failure[0];
    assert_eq!(query.operation_type, OperationType::Database);
    assert_eq!(query.operation_name, "blog::demonstration::ask_nobody");
    assert!(matches!(query.outcome, Outcome::Error(_)));
    assert_eq!(failure[1].outcome, Outcome::Error("500"));
    assert_eq!(failure[1].fields["statements"], 1);
    assert_eq!(failure.len(), 2);

    let panic = of_request(&site, header(&panicked, "x-request-id"));
    assert_eq!(panic.len(), 1);
    assert_eq!(panic[0].outcome, Outcome::Panic);
    assert_eq!(panic[0].fields["status"], 500);
}

#[test]
fn query_that_holds_up_its_worker_is_told_to_block() {
    let mut site = Site::open_watching_workers();
    let blocked = site.get("/block");
    assert_eq!(blocked.status(), 200);
    site.stop();
    let records = of_request(&site, header(&blocked, "x-request-id"));
    let name = "blog::demonstration::count_on_the_worker";
    let query = records.iter().find(|metric| metric.operation_name == name);
    let query = query.unwrap();
    assert_eq!(query.fields["blocking"], true);
    assert_eq!(query.fields["counted"], 1_000_000);
    let snapshot = site.metrics.snapshot();
    let query = snapshot.queries.iter().find(|query| query.name == name);
    assert_eq!(query.unwrap().polls.unwrap().blocking, 1);
    assert_eq!(snapshot.count(OperationType::Database, "SELECT number"), 1);
}

#[test]
fn note_that_is_not_there_is_no_error() {
    let mut site = Site::open();
    site.get("/notes/none");
    site.form("/notes/none", "title=t&body=b");
    site.bare("DELETE", "/api/notes/none");
    site.stop();
    let stats = site.metrics.stats();
    assert_eq!(stats.by_type[&OperationType::Database].errors, 0);
    assert_eq!(stats.by_type[&OperationType::Http].errors, 0);
    assert!(!stats.by_type.contains_key(&OperationType::Render));
}

#[test]
fn what_was_measured_is_shown_as_json_and_kept_by_nobody() {
    let site = Site::open();
    site.get("/tags");
    let answer = site.get("/metrics.json");
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let snapshot: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(snapshot["queries"][0]["name"], "blog::notes::tag_counts");
    assert_eq!(snapshot["queries"][0]["statements"], 1);
}

#[test]
fn built_in_traffic_is_measured_exactly() {
    let mut site = Site::open();
    let totals = traffic::send(&site.url, 85).unwrap();
    site.stop();
    let report = Report::new(totals, Some(site.metrics.snapshot()));
    assert_eq!(report.differences, []);
    assert!(
        report
            .to_string()
            .ends_with("Every number is as expected.\n")
    );
}
