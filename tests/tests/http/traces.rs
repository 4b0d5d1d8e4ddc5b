//! The whole story of one request: what was done for it, when, where, and how it ended.

use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime};

use actix_web::{App, HttpResponse, web};
use starpunk_metrics::{
    Outcome, RequestOutcome, RequestTrace, SpanKind, TraceReason, TraceSpan, block, spawn,
};
use starpunk_metrics_tests::site::reset;
use starpunk_metrics_tests::{serve, snapshot_when};

use crate::notes::{author, nap, notes, publish};
use crate::undisturbed;

const SELECT: &str = "SELECT author FROM notes WHERE id = ?";
const UPDATE: &str = "UPDATE notes SET published = ? WHERE id = ?";
const INSERT: &str = "INSERT INTO feed(note) VALUES (?)";

/// One query on the worker, then two writes elsewhere, of which the second fails.
async fn publish_note(note: web::Path<u32>, _body: String) -> HttpResponse {
    let note = *note;
    author(&notes(), note).unwrap();
    let published = block(move || publish(&notes(), note));
    match published.await.unwrap() {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(_) => HttpResponse::InternalServerError().body("not published"),
    }
}

fn failed() -> RequestTrace {
    let (metrics, http) = starpunk_metrics_tests::measured(undisturbed().sampling_rate(0.0));
    let site = serve!(
        App::new()
            .route("/notes/{id}/publish", web::post().to(publish_note))
            .wrap(http.clone())
    );
    let response = site.post("/notes/7/publish", b"please");
    assert_eq!((response.status, response.text()), (500, "not published"));
    let id = response.request_id().parse().unwrap();
    let trace = metrics.trace(id).expect("it failed");
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.traces().len(), 1);
    assert_eq!(snapshot.trace(id).unwrap().to_string(), trace.to_string());
    assert_eq!(trace.request_id(), id);
    trace
}

#[test]
fn a_failed_request_has_its_method_route_status_outcome_times_and_sizes() {
    let before = SystemTime::now();
    let trace = failed();
    assert_eq!(
        (trace.method(), trace.route().as_str()),
        ("POST", "/notes/{id}/publish")
    );
    assert_eq!(trace.status(), Some(500));
    assert_eq!(trace.outcome(), RequestOutcome::ServerError);
    assert_eq!(trace.reasons(), [TraceReason::Failed]);
    assert_eq!((trace.request_bytes(), trace.response_bytes()), (6, 13));
    assert_eq!((trace.statements(), trace.omitted()), (3, 0));
    assert!(trace.client_request_id().is_none() && trace.trace_parent().is_none());
    // Of two clocks, so to the second.
    let since = trace
        .started_at()
        .duration_since(before - Duration::from_secs(1));
    assert!(since.unwrap() < Duration::from_secs(60));

    let (head, duration) = (trace.head().unwrap(), trace.duration());
    assert!(!head.is_zero() && head <= duration, "{head:?} {duration:?}");
    let (longest, busy) = (trace.longest_poll(), trace.busy());
    assert!(
        !longest.is_zero() && longest < busy && busy <= duration,
        "{longest:?} {busy:?}"
    );
    let spans = trace.spans();
    let statements = spans.iter().filter(|span| span.kind == SpanKind::Statement);
    let taken: Duration = statements.map(|span| span.duration).sum();
    let difference = trace.statement_time().abs_diff(taken);
    assert!(difference < Duration::from_micros(1), "{difference:?}");
}

#[test]
fn a_failed_request_has_every_statement_and_function_in_order() {
    let trace = failed();
    let spans = trace.spans();
    let told: Vec<(SpanKind, &str, Option<&str>, Option<&str>)> = spans
        .iter()
        .map(|span| {
            let statement = span.statement.as_deref();
            (
                span.kind,
                span.name.as_str(),
                statement,
                span.function.as_deref(),
            )
        })
        .collect();
    let (query, business) = ("http::notes::author", "note_published");
    assert_eq!(
        told,
        [
            (SpanKind::Query, query, None, None),
            (
                SpanKind::Statement,
                "SELECT notes",
                Some(SELECT),
                Some(query)
            ),
            (SpanKind::Business, business, None, None),
            (
                SpanKind::Statement,
                "UPDATE notes",
                Some(UPDATE),
                Some(business)
            ),
            (
                SpanKind::Statement,
                "INSERT feed",
                Some(INSERT),
                Some(business)
            ),
        ]
    );
    let rows: Vec<Option<u64>> = spans.iter().map(|span| span.rows).collect();
    assert_eq!(rows, [None, Some(1), None, Some(0), Some(0)]);
    let ok: Vec<bool> = spans.iter().map(|span| span.outcome.is_ok()).collect();
    assert_eq!(ok, [true, true, false, true, false]);
    assert!(matches!(spans[2].outcome, Outcome::Error(_)));
    assert_eq!(spans[4].outcome, Outcome::Error("constraint_primarykey"));
    assert_eq!(spans[2].fields["note"], 7);
    assert!(
        spans[4].fields.get("error_code").is_some(),
        "{:?}",
        spans[4]
    );
    assert!(spans.iter().all(|span| !span.is_late));
}

#[test]
fn each_part_of_a_request_has_its_time_and_its_thread() {
    let trace = failed();
    let spans = trace.spans();
    let end = |span: &TraceSpan| span.offset + span.duration;
    let slack = Duration::from_micros(1);
    for pair in spans.windows(2) {
        assert!(pair[0].offset <= pair[1].offset);
    }
    for (inner, outer) in [(1, 0), (3, 2), (4, 2)] {
        assert!(
            end(&spans[inner]) <= end(&spans[outer]) + slack,
            "{inner} in {outer}"
        );
    }
    assert!(end(&spans[3]) <= spans[4].offset + slack);
    assert!(
        spans
            .iter()
            .all(|span| end(span) <= trace.duration() + slack)
    );
    let threads: Vec<u32> = spans.iter().map(|span| span.thread.unwrap()).collect();
    let worker = trace.thread().unwrap();
    assert_eq!(threads[..2], [worker, worker]);
    assert_ne!(threads[2], worker);
    assert_eq!(threads[3..], [threads[2], threads[2]]);
}

#[test]
fn a_trace_is_written_as_a_timeline_that_can_be_read() {
    let trace = failed();
    let text = trace.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    let head = format!(
        "{} POST /notes/{{id}}/publish 500 server_error in ",
        trace.request_id()
    );
    assert!(lines[0].starts_with(&head), "{text}");
    assert!(lines[0].contains("3 statements in "), "{text}");
    assert!(lines[0].ends_with("kept: failed)"), "{text}");
    let worker = format!("thread {}", trace.thread().unwrap());
    for (line, parts) in lines[1..].iter().zip([
        [" ms  query     http::notes::author", worker.as_str()],
        [SELECT, ", 1 rows"],
        [" ms  business  note_published", ", note=7, error"],
        [UPDATE, ", 0 rows"],
        [INSERT, ", error"],
    ]) {
        for part in parts {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
    // What the database holds is nobody's to read.
    assert!(!text.contains("secret"), "{text}");
    assert!(format!("{trace:?}").contains(SELECT));
}

/// Tells that it has begun, and waits to be let go on.
type Gate = web::Data<(Mutex<Sender<()>>, Mutex<Receiver<()>>)>;

/// A gate for the application, what it tells, and how it is opened.
fn gate() -> (Gate, Receiver<()>, Sender<()>) {
    let (began, told) = channel();
    let (open, opened) = channel();
    let gate = web::Data::new((Mutex::new(began), Mutex::new(opened)));
    (gate, told, open)
}

fn pass(gate: &Gate) {
    gate.0.lock().unwrap().send(()).unwrap();
    gate.1.lock().unwrap().recv().unwrap();
}

async fn abandoned(gate: Gate) -> HttpResponse {
    let work = block(move || {
        let connection = notes();
        author(&connection, 7).unwrap();
        pass(&gate);
        publish(&connection, 7).unwrap_err();
    });
    work.await.unwrap();
    HttpResponse::Ok().finish()
}

#[test]
fn work_that_outlives_its_cancelled_request_joins_its_trace_as_late() {
    let (metrics, http) = starpunk_metrics_tests::measured(undisturbed().sampling_rate(0.0));
    let (gate, began, open) = gate();
    let site = serve!(
        App::new()
            .app_data(gate.clone())
            .route("/", web::get().to(HttpResponse::Ok))
            .route("/abandoned", web::get().to(abandoned))
            .wrap(http.clone())
    );
    let mut stream = site.connect();
    // The first answer is left unread, so that closing resets the connection.
    let head = "HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream
        .write_all(format!("GET / {head}GET /abandoned {head}").as_bytes())
        .unwrap();
    began.recv_timeout(Duration::from_secs(30)).unwrap();
    reset(stream);
    let ended = snapshot_when(&metrics, |snapshot| !snapshot.traces().is_empty());
    let before = ended.traces()[0].clone();
    assert_eq!(before.outcome(), RequestOutcome::Cancelled);
    assert_eq!((before.status(), before.head()), (None, None));
    assert_eq!(before.reasons(), [TraceReason::Failed]);
    let kinds = |trace: &RequestTrace| -> Vec<(&str, bool)> {
        let spans = trace.spans().into_iter();
        spans
            .map(|span| (span.kind.as_str(), span.is_late))
            .collect()
    };
    let in_time = [("query", false), ("statement", false)];
    assert_eq!(kinds(&before), in_time);

    open.send(()).unwrap();
    let id = before.request_id();
    let after = snapshot_when(&metrics, |snapshot| {
        snapshot.trace(id).unwrap().spans().len() == 5
    });
    let trace = after.trace(id).unwrap();
    let late = [("business", true), ("statement", true), ("statement", true)];
    assert_eq!(kinds(trace), [&in_time[..], &late].concat());
    assert_eq!(trace.statements(), 1, "until its end");
    assert_eq!(trace.to_string().matches(", late").count(), 3, "{trace}");
    assert_eq!(kinds(&before), in_time, "who read it before still has that");
    assert_eq!(after.unattributed, 0);
    let published = metrics
        .metrics()
        .into_iter()
        .find(|metric| metric.operation_name == "note_published");
    assert_eq!(published.unwrap().request_id, Some(id));
}

async fn goes_on(gate: Gate) -> HttpResponse {
    spawn(async move {
        let passed = web::block(move || pass(&gate));
        passed.await.unwrap();
        author(&notes(), 7).unwrap();
    });
    HttpResponse::Ok().finish()
}

#[test]
fn a_task_that_goes_on_after_the_answer_joins_the_trace_as_late() {
    let (metrics, http) = starpunk_metrics_tests::measured(undisturbed());
    let (gate, began, open) = gate();
    let site = serve!(
        App::new()
            .app_data(gate.clone())
            .route("/", web::get().to(goes_on))
            .wrap(http.clone())
    );
    let id = site.get("/").request_id().parse().unwrap();
    began.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(metrics.trace(id).unwrap().spans().is_empty());
    open.send(()).unwrap();
    let after = snapshot_when(&metrics, |snapshot| {
        snapshot.trace(id).unwrap().spans().len() == 2
    });
    let trace = after.trace(id).unwrap();
    assert!(trace.spans().iter().all(|span| span.is_late));
    assert_eq!(trace.reasons(), [TraceReason::Sampled]);
}

async fn many(count: web::Path<u32>) -> HttpResponse {
    let connection = notes();
    (0..*count).for_each(|_| nap(&connection, 0));
    HttpResponse::Ok().finish()
}

#[test]
fn what_a_trace_has_no_room_for_is_counted() {
    let (metrics, http) = starpunk_metrics_tests::measured(undisturbed());
    let site = serve!(
        App::new()
            .route("/{count}", web::get().to(many))
            .wrap(http.clone())
    );
    let id = site.get("/250").request_id().parse().unwrap();
    let trace = metrics.trace(id).unwrap();
    assert_eq!(
        (trace.spans().len(), trace.omitted(), trace.statements()),
        (200, 50, 250)
    );
    assert!(
        trace.to_string().ends_with("\n  50 more are not told\n"),
        "{trace}"
    );
    let id = site.get("/200").request_id().parse().unwrap();
    let trace = metrics.trace(id).unwrap();
    assert_eq!((trace.spans().len(), trace.omitted()), (200, 0));
    assert!(!trace.to_string().contains("more"));
}
