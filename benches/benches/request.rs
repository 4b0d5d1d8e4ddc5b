//! What a middleware adds to a request, the time of the threads that work for it included.
//!
//! In process: each request is made anew and its body read to the end, as actix's dispatcher does, and no socket hides
//! what is looked for.

use std::future::poll_fn;
use std::iter::{Cycle, once};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use std::vec::IntoIter;

use actix_http::{Request, Response};
use actix_request_identifier::RequestIdentifier;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{ACCEPT, HOST, HeaderName, HeaderValue, USER_AGENT};
use actix_web::rt::{Runtime, task};
use actix_web::test::init_service;
use actix_web::{App, Error, HttpResponse, web};
use actix_web_metrics::ActixWebMetricsBuilder;
use actix_web_prom::{PrometheusMetrics, PrometheusMetricsBuilder};
use benches::{Contender, batch, compare_processor_time};
use metrics_exporter_prometheus::PrometheusBuilder;
use starpunk_metrics::{Config, HttpMetrics, Metrics};
use tracing_actix_web::TracingLogger;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

const TIMES: u32 = 2_000;

/// How many different ids the third scene has.
const IDS: u32 = 1_000;

async fn note(id: web::Path<u32>) -> HttpResponse {
    HttpResponse::Ok().body(id.to_string())
}

/// As a handler is that asks someone else first.
async fn note_from_elsewhere(id: web::Path<u32>) -> HttpResponse {
    task::yield_now().await;
    note(id).await
}

async fn other() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(other))
        .route("/about", web::get().to(other))
        .route("/feed.xml", web::get().to(other))
        .route("/tags", web::get().to(other))
        .route("/tags/{tag}", web::get().to(other))
        .route("/search", web::get().to(other))
        .route("/notes", web::get().to(other))
        .route("/notes", web::post().to(other))
        .route("/notes/{id}", web::get().to(note))
        .route("/notes/{id}/elsewhere", web::get().to(note_from_elsewhere));
}

fn request(uri: Uri) -> Request {
    // Of a pool, as the dispatcher takes it.
    let mut request = Request::new();
    let head = request.head_mut();
    head.uri = uri;
    let headers: [(HeaderName, &'static str); 3] = [
        (HOST, "localhost"),
        (USER_AGENT, "bench"),
        (ACCEPT, "text/html"),
    ];
    for (name, value) in headers {
        head.headers.insert(name, HeaderValue::from_static(value));
    }
    request
}

async fn answer<S, B>(service: &S, request: Request)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = immediately(pin!(service.call(request))).await;
    let response = Response::from(response.expect("none of these fails"));
    let (_head, body) = response.into_parts();
    let mut body = pin!(body);
    let mut length = 0;
    while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        length += chunk.ok().expect("its bytes are there").len();
    }
    assert!(length > 0, "the handler was reached");
}

/// Polls a pending future again at once: the runtime's way back to it is a system call, the same for all, and longer than
/// what is looked for.
async fn immediately<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|cx| {
        loop {
            if let ready @ Poll::Ready(_) = future.as_mut().poll(cx) {
                return ready;
            }
        }
    })
    .await
}

/// The requests of one scene, over and over.
type Uris = Cycle<IntoIter<Uri>>;

fn uris(paths: impl Iterator<Item = String>) -> Uris {
    let parsed = paths.map(|path| path.parse().expect("this is a path"));
    parsed.collect::<Vec<Uri>>().into_iter().cycle()
}

fn contender<'a, S, B>(
    name: &'static str,
    runtime: &'a Runtime,
    service: &'a S,
    mut uris: Uris,
) -> Contender<'a>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    batch(name, move |times| {
        runtime.block_on(async {
            for uri in uris.by_ref().take(times as usize) {
                answer(service, request(uri)).await;
            }
        });
    })
}

/// As a worker has it: made for a pipeline, on a thread that has entered none.
fn ours(metrics: &Metrics) -> HttpMetrics {
    let _entered = metrics.enter();
    HttpMetrics::new()
}

fn pipeline(config: Config) -> Metrics {
    Metrics::scoped(config.test_mode(true)).expect("its thread can be started")
}

fn prometheus() -> PrometheusMetrics {
    let builder = PrometheusMetricsBuilder::new("bench").endpoint("/metrics");
    builder.build().expect("its registry is its own")
}

/// Takes every span, and nothing of it: what an exporter would do with it comes on top.
struct Silent;

impl<S: tracing::Subscriber> Layer<S> for Silent {}

fn main() {
    let runtime = Runtime::new().expect("a runtime can be made");
    let metrics = pipeline(Config::default());
    let off = pipeline(Config::default().enabled(false));
    // tracing-actix-web is measured with a registry, which keeps each span and its place in the tree, and without anything
    // that writes. It is the whole process's, as in an application, and a thread's own would be slower; none of the other
    // contenders opens a span or has an event on the road of these requests.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Silent))
        .expect("nothing was installed");
    let recorder = PrometheusBuilder::new()
        .install_recorder()
        .expect("nothing was installed");
    let settle = || {
        metrics.flush();
        // It leaves the samples of its histograms in a heap; its exporter does this every five seconds.
        recorder.run_upkeep();
    };

    let app = || App::new().configure(routes);
    let bare = runtime.block_on(init_service(app()));
    let measured = runtime.block_on(init_service(app().wrap(ours(&metrics))));
    let unmeasured = runtime.block_on(init_service(app().wrap(ours(&off))));
    // It and tracing-actix-web make their ids by the `uuid` that we have too, whose `fast-rng` is on because of us: without
    // us each of their ids is a system call.
    let identifier = runtime.block_on(init_service(app().wrap(RequestIdentifier::with_uuid())));
    let prom = runtime.block_on(init_service(app().wrap(prometheus())));
    let both = app()
        .wrap(prometheus())
        .wrap(RequestIdentifier::with_uuid());
    let both = runtime.block_on(init_service(both));
    let spans = runtime.block_on(init_service(app().wrap(TracingLogger::default())));
    let web_metrics = ActixWebMetricsBuilder::new().build();
    let web_metrics = runtime.block_on(init_service(app().wrap(web_metrics)));

    let scenes = [
        (
            "a request that is answered at once",
            uris(once("/notes/42".to_owned())),
        ),
        (
            "a request whose handler is pending once",
            uris(once("/notes/42/elsewhere".to_owned())),
        ),
        (
            "requests with varying ids",
            uris((0..IDS).map(|id| format!("/notes/{}", id + 1_000_000))),
        ),
    ];
    for (title, uris) in scenes {
        compare_processor_time(
            title,
            TIMES,
            vec![
                contender("bare", &runtime, &bare, uris.clone()),
                contender("starpunk-metrics", &runtime, &measured, uris.clone()),
                contender("starpunk-metrics, off", &runtime, &unmeasured, uris.clone()),
                contender(
                    "actix-request-identifier",
                    &runtime,
                    &identifier,
                    uris.clone(),
                ),
                contender("actix-web-prom", &runtime, &prom, uris.clone()),
                contender("both of these", &runtime, &both, uris.clone()),
                contender("tracing-actix-web", &runtime, &spans, uris.clone()),
                contender("actix-web-metrics", &runtime, &web_metrics, uris),
            ],
            settle,
        );
    }
    println!("\n{}", metrics.shutdown(Duration::from_secs(5)));
}
