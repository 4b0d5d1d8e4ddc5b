//! What a middleware adds to a request, the time of the threads that work for it included.

mod site;

use std::iter::once;
use std::time::Duration;

use actix_request_identifier::RequestIdentifier;
use actix_web::App;
use actix_web::http::header::HeaderValue;
use actix_web::rt::Runtime;
use actix_web::test::init_service;
use actix_web_metrics::ActixWebMetricsBuilder;
use actix_web_prom::{PrometheusMetrics, PrometheusMetricsBuilder};
use benches::measure::{Measured, Time};
use benches::request::{ours, routes};
use benches::{Above, Goal, Plan, Reach, Table, measure};
use metrics_exporter_prometheus::PrometheusBuilder;
use starpunk_metrics::{Config, Metrics};
use tracing_actix_web::TracingLogger;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

use crate::site::{contender, uris};

/// How many different ids the third scene has.
const IDS: u32 = 1_000;

const BARE: &str = "bare";
const OURS: &str = "starpunk-metrics";
const BOTH: &str = "both of these";
const BOTH_ALONE: &str = "both of these, without our fast-rng";

fn pipeline(config: Config) -> Metrics {
    Metrics::scoped(config.test_mode(true)).expect("its thread can be started")
}

fn prometheus() -> PrometheusMetrics {
    let builder = PrometheusMetricsBuilder::new("bench").endpoint("/metrics");
    builder.build().expect("its registry is its own")
}

/// Ids as actix-request-identifier makes them in an application without us.
///
/// They come from `uuid`, and the features of a crate are one set for the whole build: `fast-rng`, which keeps a generator of
/// its own on each thread, is on here because this library turns it on. Who has only actix-request-identifier has `uuid`
/// without it, which asks the system for the bytes of each id. This does what `uuid` does then.
fn id_of_the_system() -> HeaderValue {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    HeaderValue::from_str(&id.to_string()).expect("an id is of letters and digits")
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
    let mut settle = || {
        metrics.flush();
        // It leaves the samples of its histograms in a heap; its exporter does this every five seconds.
        recorder.run_upkeep();
    };

    let app = || App::new().configure(routes);
    let bare = runtime.block_on(init_service(app()));
    let measured = runtime.block_on(init_service(app().wrap(ours(&metrics))));
    let unmeasured = runtime.block_on(init_service(app().wrap(ours(&off))));
    // It and tracing-actix-web make their ids by the `uuid` that we have too: see `id_of_the_system`.
    let identifier = runtime.block_on(init_service(app().wrap(RequestIdentifier::with_uuid())));
    let identifier_alone = RequestIdentifier::with_generator(id_of_the_system);
    let identifier_alone = runtime.block_on(init_service(app().wrap(identifier_alone)));
    let prom = runtime.block_on(init_service(app().wrap(prometheus())));
    let both = app()
        .wrap(prometheus())
        .wrap(RequestIdentifier::with_uuid());
    let both = runtime.block_on(init_service(both));
    let both_alone = app()
        .wrap(prometheus())
        .wrap(RequestIdentifier::with_generator(id_of_the_system));
    let both_alone = runtime.block_on(init_service(both_alone));
    let spans = runtime.block_on(init_service(app().wrap(TracingLogger::default())));
    let web_metrics = ActixWebMetricsBuilder::new().build();
    let web_metrics = runtime.block_on(init_service(app().wrap(web_metrics)));

    let scenes = [
        (
            "request: answered at once",
            uris(once("/notes/42".to_owned())),
        ),
        (
            "request: its handler is pending once",
            uris(once("/notes/42/elsewhere".to_owned())),
        ),
        (
            "request: varying ids",
            uris((0..IDS).map(|id| format!("/notes/{}", id + 1_000_000))),
        ),
    ];
    let goals = scenes.map(|(title, uris)| {
        let contend = || uris.clone();
        let measured = measure(
            Plan::new(51, 2_000),
            vec![
                contender(BARE, &runtime, &bare, contend()),
                contender(OURS, &runtime, &measured, contend()),
                contender("starpunk-metrics, off", &runtime, &unmeasured, contend()),
                contender("actix-request-identifier", &runtime, &identifier, contend()),
                contender(
                    "actix-request-identifier, without our fast-rng",
                    &runtime,
                    &identifier_alone,
                    contend(),
                ),
                contender("actix-web-prom", &runtime, &prom, contend()),
                contender(BOTH, &runtime, &both, contend()),
                contender(BOTH_ALONE, &runtime, &both_alone, contend()),
                contender("tracing-actix-web", &runtime, &spans, contend()),
                contender("actix-web-metrics", &runtime, &web_metrics, contend()),
            ],
            &mut settle,
        );
        let above = Above::of(BARE);
        Table {
            title,
            unit: "ns a request",
            measured: &measured,
            above,
        }
        .print();
        [
            goal(title, BOTH, &measured),
            goal(title, BOTH_ALONE, &measured),
        ]
    });
    Reach {
        level: "request",
        goals: goals.into_iter().flatten().collect(),
    }
    .print();
    println!("\n{}", metrics.shutdown(Duration::from_secs(5)));
}

/// Of what each adds to the bare request, the time of all threads: what is left to the collector is paid too.
fn goal(scene: &str, both: &str, measured: &Measured) -> Goal {
    let share = measured.share_above(OURS, both, BARE, Time::Processor);
    let [ours, theirs] =
        [OURS, both].map(|name| measured.above(name, BARE, Time::Processor).median);
    let caller = measured.share_above(OURS, both, BARE, Time::Caller);
    Goal::new(
        &format!("middleware per {scene}"),
        &format!("half of {}", theirs_by_name(both)),
        format_args!(
            "{share:.2} of the processor's time ({ours:.0} ns, {theirs:.0}), {caller:.2} of the caller's"
        ),
        share <= 0.5,
    )
}

fn theirs_by_name(both: &str) -> &'static str {
    if both == BOTH {
        "actix-request-identifier plus actix-web-prom"
    } else {
        "the two without our fast-rng"
    }
}
