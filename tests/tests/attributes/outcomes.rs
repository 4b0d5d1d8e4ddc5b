//! How a call ended: by type, by `Classify`, and by what the annotation says.

use actix_web::error::{ErrorBadGateway, ErrorBadRequest};
use actix_web::{HttpResponse, HttpResponseBuilder, http::StatusCode};
use starpunk_metrics::{
    Classify, Metrics, OperationType, Outcome, monitored_query, track_business,
};
use starpunk_metrics_tests::{config, only, pipeline, ready};

/// Nothing can be done with it: no `Debug`, no `Clone`, no `Display`.
struct Opaque;

enum SaveError {
    Full,
    Expected,
}

impl Classify for SaveError {
    fn error_class(&self) -> Option<&'static str> {
        match self {
            Self::Full => Some("full"),
            Self::Expected => None,
        }
    }
}

impl SaveError {
    fn word(&self) -> &'static str {
        "word"
    }
}

/// A value that is an error without being a `Result`.
struct Answer(bool);

impl Classify for Answer {
    fn error_class(&self) -> Option<&'static str> {
        self.0.then_some("wrong")
    }
}

type Aliased<T> = Result<T, Opaque>;

#[track_business("opaque")]
fn opaque(fails: bool) -> Result<Opaque, Opaque> {
    if fails { Err(Opaque) } else { Ok(Opaque) }
}

#[track_business("aliased")]
fn aliased() -> Aliased<()> {
    Err(Opaque)
}

#[track_business("io")]
fn io() -> std::io::Result<()> {
    Err(std::io::Error::other("full"))
}

#[track_business("generic")]
fn generic<T, E>(result: Result<T, E>) -> Result<T, E> {
    result
}

#[track_business("generic and classified")]
fn generic_and_classified<T, E: Classify>(result: Result<T, E>) -> Result<T, E> {
    result
}

#[track_business("saved")]
fn save(result: Result<(), SaveError>) -> Result<(), SaveError> {
    result
}

#[track_business("answered")]
fn answer(wrong: bool) -> Answer {
    Answer(wrong)
}

#[track_business("answered in a result")]
async fn answer_later(wrong: bool) -> Result<Answer, Opaque> {
    Ok(Answer(wrong))
}

#[track_business("responded")]
fn respond(status: u16) -> HttpResponse {
    HttpResponseBuilder::new(StatusCode::from_u16(status).unwrap()).finish()
}

#[track_business("handled")]
async fn handle(result: Result<u16, actix_web::Error>) -> Result<HttpResponse, actix_web::Error> {
    result.map(|status| HttpResponseBuilder::new(StatusCode::from_u16(status).unwrap()).finish())
}

#[track_business("handled with an error of its own")]
fn handle_opaque(status: u16) -> Result<HttpResponse, Opaque> {
    Ok(HttpResponseBuilder::new(StatusCode::from_u16(status).unwrap()).finish())
}

#[monitored_query("queried")]
fn query(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, [], |row| row.get(0))
}

#[track_business("found", ok_if = Option::is_some)]
fn find(found: bool) -> Option<Opaque> {
    found.then_some(Opaque)
}

#[track_business("missed", err_if = |found: &Option<Opaque>| found.is_none(), err_class = |_| "not_found")]
fn miss(found: bool) -> Option<Opaque> {
    found.then_some(Opaque)
}

#[track_business("tolerant", ok_if = |result| matches!(result, Ok(_) | Err(SaveError::Full)))]
fn tolerate(result: Result<u8, SaveError>) -> Result<u8, SaveError> {
    result
}

#[track_business("strict", err_if = |result| !matches!(result, Ok(1)))]
fn insist(result: Result<u8, SaveError>) -> Result<u8, SaveError> {
    result
}

#[track_business("named", err_class = SaveError::word)]
fn named(result: Result<(), SaveError>) -> Result<(), SaveError> {
    result
}

#[track_business("named later", err_class = class_of_length)]
async fn named_later(text: &'static str) -> Result<(), &'static str> {
    Err(text)
}

fn class_of_length(error: &&'static str) -> &'static str {
    if error.len() > 3 { "long" } else { "short" }
}

#[track_business("asks in vain", ok_if = |_| panic!("on purpose"), err_class = |_| panic!("on purpose"))]
fn ask_in_vain(fails: bool) -> Result<(), Opaque> {
    opaque(fails).map(drop)
}

#[test]
fn what_is_no_value_of_a_trait_is_classified_by_its_type() {
    let outcome = outcome_of(|| opaque(false).is_ok());
    assert_eq!(outcome, Outcome::Ok);
    let failed = outcome_of(|| opaque(true).is_err());
    assert_eq!(failed, Outcome::Error("Opaque"));
    assert_eq!(outcome_of(|| aliased().is_err()), failed);
    assert_eq!(outcome_of(|| io().is_err()), Outcome::Error("Error"));
}

#[test]
fn a_generic_result_is_classified_where_it_is_used() {
    let failed = outcome_of(|| generic::<u8, Opaque>(Err(Opaque)).is_err());
    assert_eq!(failed, Outcome::Error("Opaque"));
    let failed = outcome_of(|| generic_and_classified::<u8, _>(Err(SaveError::Full)).is_err());
    assert_eq!(failed, Outcome::Error("full"));
}

#[test]
fn an_error_that_classifies_itself_decides() {
    assert_eq!(outcome_of(|| save(Ok(())).is_ok()), Outcome::Ok);
    let failed = outcome_of(|| save(Err(SaveError::Full)).is_err());
    assert_eq!(failed, Outcome::Error("full"));
    let expected = outcome_of(|| save(Err(SaveError::Expected)).is_err());
    assert_eq!(expected, Outcome::Ok);
}

#[test]
fn a_value_that_classifies_itself_decides_also_inside_ok() {
    let wrong = Outcome::Error("wrong");
    assert_eq!(outcome_of(|| answer(true).0), wrong);
    assert_eq!(outcome_of(|| !answer(false).0), Outcome::Ok);
    assert_eq!(outcome_of(|| ready(answer_later(true)).is_ok()), wrong);
}

#[test]
fn a_response_is_an_error_from_500_on() {
    for (status, outcome) in [
        (200, Outcome::Ok),
        (404, Outcome::Ok),
        (500, Outcome::Error("500")),
        (503, Outcome::Error("503")),
    ] {
        let of = outcome_of(|| respond(status).status().as_u16() == status);
        assert_eq!(of, outcome);
        let of = outcome_of(|| ready(handle(Ok(status))).is_ok());
        assert_eq!(of, outcome);
        let of = outcome_of(|| handle_opaque(status).is_ok());
        assert_eq!(of, outcome);
    }
    let of = outcome_of(|| ready(handle(Err(ErrorBadGateway("on purpose")))).is_err());
    assert_eq!(of, Outcome::Error("502"));
    let of = outcome_of(|| ready(handle(Err(ErrorBadRequest("on purpose")))).is_err());
    assert_eq!(of, Outcome::Ok, "it is the client's mistake");
}

#[test]
fn an_error_of_sqlite_has_the_class_of_its_code() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let of = |sql: &str| outcome_of(|| query(&connection, sql).is_err() || sql == "SELECT 1");
    assert_eq!(of("SELECT 1"), Outcome::Ok);
    assert_eq!(of("SELECT nothing"), Outcome::Error("sql"));
    assert_eq!(of("SELECT 'text'"), Outcome::Error("row"));
    assert_eq!(of("SELECT 1 WHERE 0"), Outcome::Ok);
}

#[test]
fn the_annotation_decides_against_the_type() {
    assert_eq!(outcome_of(|| find(true).is_some()), Outcome::Ok);
    let missed = outcome_of(|| find(false).is_none());
    assert_eq!(missed, Outcome::Error("Option"));
    let missed = outcome_of(|| miss(false).is_none());
    assert_eq!(missed, Outcome::Error("not_found"));
    assert_eq!(outcome_of(|| miss(true).is_some()), Outcome::Ok);
    let tolerated = outcome_of(|| tolerate(Err(SaveError::Full)).is_err());
    assert_eq!(tolerated, Outcome::Ok);
    let not_tolerated = outcome_of(|| tolerate(Err(SaveError::Expected)).is_err());
    assert_eq!(not_tolerated, Outcome::Error("SaveError"));
    assert_eq!(outcome_of(|| insist(Ok(1)).is_ok()), Outcome::Ok);
    assert_eq!(outcome_of(|| insist(Ok(2)).is_ok()), Outcome::Error("u8"));
    let full = outcome_of(|| insist(Err(SaveError::Full)).is_err());
    assert_eq!(full, Outcome::Error("full"));
}

#[test]
fn the_annotation_names_the_error() {
    let failed = outcome_of(|| named(Err(SaveError::Full)).is_err());
    assert_eq!(failed, Outcome::Error("word"));
    let expected = outcome_of(|| named(Err(SaveError::Expected)).is_err());
    assert_eq!(expected, Outcome::Ok, "it is none by its type");
    let failed = outcome_of(|| ready(named_later("text")).is_err());
    assert_eq!(failed, Outcome::Error("long"));
}

#[test]
fn a_panic_in_what_decides_leaves_the_call_to_its_type() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert!(ask_in_vain(false).is_ok());
    assert!(ask_in_vain(true).is_err());
    let outcomes: Vec<_> = metrics
        .metrics()
        .iter()
        .filter(|metric| metric.operation_name == "asks in vain")
        .map(|metric| metric.outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Error("Opaque")]);
}

#[test]
fn each_outcome_has_a_time_of_its_own() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    take_a_while(&metrics, false).unwrap_or_default();
    take_a_while(&metrics, true).unwrap_or_default();
    let snapshot = metrics.snapshot();
    let tally = &snapshot
        .operation(OperationType::Render, "took a while")
        .unwrap()
        .tally;
    let (ok, error) = (
        tally.total_of(Outcome::Ok),
        tally.total_of(Outcome::Error("")),
    );
    let mut all = metrics.metrics();
    all.retain(|metric| metric.operation_name == "took a while");
    assert_eq!((ok, error), (all[0].duration, all[1].duration));
    assert_eq!(tally.total(), ok + error);
}

#[track_business("took a while")]
fn take_a_while(metrics: &Metrics, fails: bool) -> Result<(), Opaque> {
    // A question to the collector takes a while of its own.
    metrics.flush();
    opaque(fails).map(drop)
}

/// The outcome of the only call in `work`.
fn outcome_of(work: impl FnOnce() -> bool) -> Outcome {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    assert!(work(), "it returned what it should");
    only(&metrics).outcome
}
