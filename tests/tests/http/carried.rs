//! The current request, carried: over awaits, to threads, pools, tasks and runtimes, and into the body of the response.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, HttpServer, web};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{Metrics, RequestContext, RequestId, block, spawn, track_business};
use starpunk_metrics_tests::site::Site;
use starpunk_metrics_tests::{poll_once, serve};

use crate::measured;

/// A statement, and an event that says where.
#[track_business("step", fields(at = _at))]
fn step(_at: &str) -> Option<RequestId> {
    let connection = MonitoredConnection::open_in_memory().unwrap();
    connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
    RequestId::current()
}

/// Where the steps of this request were, in any order; every step has to be of it.
fn steps(metrics: &Metrics, id: &str) -> Vec<String> {
    let mut steps = Vec::new();
    for metric in metrics.metrics() {
        if metric.operation_type.as_str() == "http" {
            continue;
        }
        assert_eq!(
            metric.request_id.expect("one").to_string(),
            id,
            "{metric:#?}"
        );
        if metric.operation_name == "step" {
            steps.push(metric.fields["at"].to_string());
        }
    }
    steps.sort();
    steps
}

async fn on_threads(id: RequestId) -> HttpResponse {
    let context = RequestContext::current();
    let thread = std::thread::spawn(move || {
        assert_eq!(RequestId::current(), None);
        let found = context.enter(|| step("thread"));
        assert_eq!(RequestId::current(), None);
        found
    });
    assert_eq!(thread.join().unwrap(), Some(id));

    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    let context = RequestContext::current();
    let found: Vec<_> = pool.install(|| {
        let parts = (0..8).into_par_iter();
        parts
            .map_with(context, |context, _| {
                let before = RequestId::current();
                (
                    before,
                    context.enter(|| step("rayon")),
                    RequestId::current(),
                )
            })
            .collect()
    });
    assert!(
        found.iter().all(|found| *found == (None, Some(id), None)),
        "{found:?}"
    );
    HttpResponse::Ok().finish()
}

async fn on_tasks(id: RequestId, other: web::Data<tokio::runtime::Handle>) -> HttpResponse {
    let task = async {
        let first = step("task");
        actix_web::rt::task::yield_now().await;
        assert_eq!(first, RequestId::current());
        step("task, later")
    };
    assert_eq!(spawn(task).await.unwrap(), Some(id));

    // On the thread of another runtime, in a task that this one only waits for.
    let elsewhere = RequestContext::current().wrap(async {
        let first = step("elsewhere");
        tokio::task::yield_now().await;
        let inner = RequestContext::current().wrap(async { step("elsewhere, inside") });
        assert_eq!(tokio::spawn(inner).await.unwrap(), first);
        step("elsewhere, later")
    });
    assert_eq!(other.spawn(elsewhere).await.unwrap(), Some(id));
    let bare = other.spawn(async { RequestId::current() });
    assert_eq!(bare.await.unwrap(), None, "it was not carried there");
    HttpResponse::Ok().finish()
}

/// A runtime on a thread of its own, for as long as the sender lives.
fn another_runtime() -> (tokio::runtime::Handle, std::sync::mpsc::Sender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    let (alive, ended) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let waits = runtime.spawn_blocking(move || ended.recv());
        let _ = runtime.block_on(waits);
    });
    (handle, alive)
}

#[test]
fn a_request_is_carried_to_threads_and_pools_and_they_do_not_keep_it() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/", web::get().to(on_threads))
            .wrap(http.clone())
    );
    let response = site.get("/");
    assert_eq!(response.status, 200);
    let mut expected = vec!["rayon"; 8];
    expected.push("thread");
    assert_eq!(steps(&metrics, &response.request_id()), expected);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.route("GET", "/").unwrap().statements, 9);
    assert_eq!(snapshot.unattributed, 0);
}

#[test]
fn a_request_is_carried_to_tasks_also_of_another_runtime() {
    let (metrics, http) = measured();
    let (other, _alive) = another_runtime();
    let other = web::Data::new(other);
    let site = serve!(
        App::new()
            .app_data(other.clone())
            .route("/", web::get().to(on_tasks))
            .wrap(http.clone())
    );
    let response = site.get("/");
    assert_eq!(response.status, 200);
    let expected = [
        "elsewhere",
        "elsewhere, inside",
        "elsewhere, later",
        "task",
        "task, later",
    ];
    assert_eq!(steps(&metrics, &response.request_id()), expected);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.route("GET", "/").unwrap().statements, 5);
    assert_eq!(snapshot.unattributed, 0);
}

/// Whether three are in the middle of their work at once.
type Arrived = web::Data<AtomicUsize>;

async fn interleaved(id: RequestId, name: web::Path<String>, arrived: Arrived) -> String {
    assert_eq!(step(&name), Some(id));
    for round in 1..=3 {
        arrived.fetch_add(1, SeqCst);
        while arrived.load(SeqCst) < 3 * round {
            actix_web::rt::task::yield_now().await;
            assert_eq!(RequestId::current(), Some(id));
        }
        assert_eq!(step(&name), Some(id));
    }
    let name = name.into_inner();
    assert_eq!(block(move || step(&name)).await.unwrap(), Some(id));
    id.to_string()
}

#[test]
fn three_requests_in_turn_on_one_worker_keep_apart_over_their_awaits() {
    let (metrics, http) = measured();
    let arrived: Arrived = web::Data::new(AtomicUsize::new(0));
    let site = serve!(
        App::new()
            .app_data(arrived.clone())
            .route("/{name}", web::get().to(interleaved))
            .wrap(http.clone())
    );
    let answers = std::thread::scope(|scope| {
        let asked = ["a", "b", "c"].map(|name| {
            let site = &site;
            scope.spawn(move || (name, site.get(&format!("/{name}"))))
        });
        asked.map(|asked| asked.join().unwrap())
    });
    let all = metrics.metrics();
    for (name, response) in answers {
        assert_eq!(response.text(), response.request_id());
        let own = all.iter().filter(|metric| {
            metric.request_id.map(|id| id.to_string()) == Some(response.request_id())
        });
        let own: Vec<_> = own.collect();
        assert_eq!(
            own.len(),
            11,
            "five events, five statements and the request: {own:#?}"
        );
        let events = own.iter().filter(|metric| metric.operation_name == "step");
        assert!(events.into_iter().all(|event| event.fields["at"] == name));
        assert_eq!(own.last().unwrap().fields["statements"], 5);
    }
    assert_eq!(metrics.snapshot().unattributed, 0);
}

async fn panics_inside(id: RequestId) -> HttpResponse {
    let context = RequestContext::current();
    let thread = std::thread::spawn(move || {
        let panicked = catch_unwind(AssertUnwindSafe(|| context.enter(|| panic!("on purpose"))));
        assert!(panicked.is_err());
        RequestId::current()
    });
    assert_eq!(thread.join().unwrap(), None);
    // The other way round: this request comes back after the work of nobody.
    let nobody = RequestContext::default();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        nobody.enter(|| {
            assert_eq!(RequestId::current(), None);
            panic!("on purpose")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(step("after"), Some(id));
    HttpResponse::Ok().finish()
}

#[test]
fn what_a_thread_worked_for_comes_back_after_a_panic() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/", web::get().to(panics_inside))
            .wrap(http.clone())
    );
    let response = site.get("/");
    assert_eq!(response.status, 200);
    assert_eq!(steps(&metrics, &response.request_id()), ["after"]);
}

async fn panics_elsewhere() -> HttpResponse {
    let panicked = block(|| {
        step("before");
        panic!("on purpose")
    });
    assert!(panicked.await.is_err());
    HttpResponse::Ok().finish()
}

/// What the only thread of the pool works for, where nothing is carried.
async fn finds_nobody() -> String {
    let found = web::block(|| (RequestId::current(), std::thread::current().id()));
    let (found, thread) = found.await.unwrap();
    assert_ne!(thread, std::thread::current().id());
    format!("{found:?}")
}

#[test]
fn the_thread_of_a_pool_keeps_no_request_also_after_a_panic() {
    let (metrics, http) = measured();
    let site = Site::run(move |listener| {
        let server = HttpServer::new(move || {
            App::new()
                .route("/panics", web::get().to(panics_elsewhere))
                .route("/nobody", web::get().to(finds_nobody))
                .wrap(http.clone())
        });
        // One thread, so that the next work is where the one before it was.
        let server = server
            .workers(1)
            .worker_max_blocking_threads(1)
            .disable_signals();
        server.listen(listener).map(HttpServer::run)
    });
    for _ in 0..3 {
        let panicked = site.get("/panics");
        assert_eq!(panicked.status, 200);
        assert_eq!(site.get("/nobody").text(), "None");
    }
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.route("GET", "/panics").unwrap().statements, 3);
    assert_eq!(snapshot.route("GET", "/nobody").unwrap().statements, 0);
}

/// Work on three roads that carry nothing, reporting to where its request does, as it would in a process with one pipeline.
async fn loses_itself(metrics: web::Data<Metrics>) -> HttpResponse {
    let lost = |road: &'static str| {
        let metrics = metrics.clone();
        move || {
            let _entered = metrics.enter();
            step(road)
        }
    };
    let block = web::block(lost("block")).await.unwrap();
    let task = lost("task");
    let task = actix_web::rt::spawn(async move { task() }).await.unwrap();
    let thread = std::thread::spawn(lost("thread")).join().unwrap();
    assert_eq!([block, task, thread], [None; 3]);
    HttpResponse::Ok().finish()
}

#[test]
fn what_was_not_carried_is_counted_and_belongs_to_nobody() {
    let (metrics, http) = measured();
    let metrics = web::Data::new(metrics);
    let data = metrics.clone();
    let site = serve!(
        App::new()
            .app_data(data.clone())
            .route("/", web::get().to(loses_itself))
            .wrap(http.clone())
    );
    assert_eq!(site.get("/").status, 200);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.route("GET", "/").unwrap().statements, 0);
    assert_eq!(
        snapshot.unattributed, 6,
        "three statements and three events"
    );
    let all = metrics.metrics();
    let found = all.iter().filter(|metric| metric.request_id.is_some());
    assert_eq!(found.count(), 1, "the request itself: {all:#?}");
    // Nobody is being served now, so nothing is missing.
    let _entered = metrics.enter();
    step("alone");
    assert_eq!(metrics.snapshot().unattributed, 6);
}

/// Works at each poll and when it is dropped.
struct WorkingBody(usize);

impl MessageBody for WorkingBody {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        let found = step("poll");
        self.0 += 1;
        match self.0 {
            1 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            2 => Poll::Ready(Some(Ok(Bytes::from(format!("{found:?}"))))),
            _ => Poll::Ready(None),
        }
    }
}

impl Drop for WorkingBody {
    fn drop(&mut self) {
        step("drop");
    }
}

#[test]
fn the_body_of_a_response_works_for_its_request_until_it_is_dropped() {
    let (metrics, http) = measured();
    let body = || async { HttpResponse::Ok().body(WorkingBody(0)) };
    let site = serve!(
        App::new()
            .route("/", web::get().to(body))
            .wrap(http.clone())
    );
    let response = site.get("/");
    let id = response.request_id();
    assert!(response.text().contains(&id), "{}", response.text());
    assert_eq!(steps(&metrics, &id), ["drop", "poll", "poll", "poll"]);
    // The response is whole before its body is dropped, and what that does is counted all the same.
    assert_eq!(metrics.snapshot().route("GET", "/").unwrap().statements, 4);
    assert_eq!(metrics.snapshot().unattributed, 0);
}

/// Works when it is dropped.
struct WorksWhenDropped;

impl Drop for WorksWhenDropped {
    fn drop(&mut self) {
        step("drop");
    }
}

async fn drops_what_waits() -> HttpResponse {
    let works = WorksWhenDropped;
    let mut waits = Box::pin(RequestContext::current().wrap(async move {
        let _works = works;
        std::future::pending::<()>().await;
    }));
    assert!(poll_once(waits.as_mut()).is_pending());
    // Where nobody works for it, as a runtime that ends does.
    RequestContext::default().enter(|| drop(waits));
    HttpResponse::Ok().finish()
}

#[test]
fn what_is_carried_works_for_its_request_also_when_it_is_dropped() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/", web::get().to(drops_what_waits))
            .wrap(http.clone())
    );
    let response = site.get("/");
    assert_eq!(response.status, 200);
    assert_eq!(steps(&metrics, &response.request_id()), ["drop"]);
    assert_eq!(metrics.snapshot().route("GET", "/").unwrap().statements, 1);
}
