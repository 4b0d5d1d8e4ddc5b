//! The peers, each set up as its documentation tells its users to.
//!
//! All are in this one process: what is the process's own (a guard, a recorder, a subscriber, a reporter) is installed before
//! the first round, and none of it is on another one's road.

use std::hint::black_box;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use autometrics::autometrics;
use autometrics::settings::AutometricsSettings;
use benches::{Contender, batch, contender};
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use hotpath::{Format, HotpathGuard, HotpathGuardBuilder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, MeterProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use prometheus::{register_histogram, register_int_counter};
use prometheus_client::metrics::counter::Counter as OfficialCounter;
use prometheus_client::metrics::histogram::{Histogram as OfficialHistogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::layer::Timing;

/// Between two sweeps of hotpath's queues; its default.
const HOTPATH_SWEEP: Duration = Duration::from_millis(50);

/// How many calls of fastrace's are in one trace, as its own benches have them.
const SPANS: u32 = 100;

pub(crate) const HOTPATH: &str = "hotpath";

/// All that are compared with by speed.
pub(crate) const PEERS: [&str; 8] = [
    HOTPATH,
    "fastrace",
    "tracing #[instrument], timing layer",
    "autometrics",
    "metrics, counter and histogram",
    "prometheus, counter and histogram",
    "prometheus-client, counter and histogram",
    "opentelemetry, counter and histogram",
];

/// What has to live for as long as they measure.
pub(crate) struct Installed {
    recorder: PrometheusHandle,
    provider: SdkMeterProvider,
    calls: Counter<u64>,
    seconds: Histogram<f64>,
    official: Official,
    _hotpath: HotpathGuard,
}

/// `#[hotpath::measure]`, under a guard that is made as `#[hotpath::main]` makes it.
#[inline(never)]
#[hotpath::measure]
fn by_hotpath(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[fastrace::trace]
fn by_fastrace(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[tracing::instrument(skip_all)]
fn by_tracing(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[autometrics]
fn by_autometrics(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
fn by_metrics(value: u64) -> u64 {
    let start = Instant::now();
    let value = black_box(value);
    metrics::counter!("calls_total", "function" => "by_metrics").increment(1);
    metrics::histogram!("call_seconds", "function" => "by_metrics").record(start.elapsed());
    value
}

static CALLS: LazyLock<prometheus::IntCounter> =
    LazyLock::new(|| register_int_counter!("calls_total", "calls").expect("it is the first"));
static SECONDS: LazyLock<prometheus::Histogram> =
    LazyLock::new(|| register_histogram!("call_seconds", "seconds").expect("it is the first"));

#[inline(never)]
fn by_prometheus(value: u64) -> u64 {
    let timer = SECONDS.start_timer();
    let value = black_box(value);
    CALLS.inc();
    timer.observe_duration();
    value
}

struct Official {
    calls: OfficialCounter,
    seconds: OfficialHistogram,
    _registry: Registry,
}

impl Official {
    fn new() -> Self {
        let calls = OfficialCounter::default();
        let seconds = OfficialHistogram::new(exponential_buckets(0.001, 2.0, 12));
        let mut registry = Registry::default();
        registry.register("calls", "calls", calls.clone());
        registry.register("call_seconds", "seconds", seconds.clone());
        Self {
            calls,
            seconds,
            _registry: registry,
        }
    }
}

#[inline(never)]
fn by_prometheus_client(official: &Official, value: u64) -> u64 {
    let start = Instant::now();
    let value = black_box(value);
    official.calls.inc();
    official.seconds.observe(start.elapsed().as_secs_f64());
    value
}

#[inline(never)]
fn by_opentelemetry(installed: &Installed, attributes: &[KeyValue], value: u64) -> u64 {
    let start = Instant::now();
    let value = black_box(value);
    installed.calls.add(1, attributes);
    let seconds = start.elapsed().as_secs_f64();
    installed.seconds.record(seconds, attributes);
    value
}

/// Takes what it is given, and does nothing with it: what an exporter does on top is the same network for all.
struct Nowhere;

impl Reporter for Nowhere {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        drop(spans);
    }
}

impl PushMetricExporter for Nowhere {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        black_box(metrics);
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

impl Installed {
    pub(crate) fn new() -> Self {
        let hotpath = HotpathGuardBuilder::new("main").format(Format::None);
        fastrace::set_reporter(Nowhere, Config::default());
        Timing::install();
        // Its exporter's own start does this, with the backend that it takes by default.
        AutometricsSettings::builder().init();
        let recorder = PrometheusBuilder::new()
            .install_recorder()
            .expect("nothing was installed");
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(Nowhere).build())
            .build();
        let meter = provider.meter("bench");
        Self {
            recorder,
            calls: meter.u64_counter("calls").build(),
            seconds: meter.f64_histogram("call_seconds").build(),
            provider,
            official: Official::new(),
            _hotpath: hotpath.build(),
        }
    }

    /// What the exporter of `metrics` does every five seconds; without it, samples of its histograms pile up.
    pub(crate) fn pause(&self) {
        self.recorder.run_upkeep();
    }

    /// Until all of them have done what was left to threads of their own.
    pub(crate) fn settle(&self) {
        self.pause();
        fastrace::flush();
        self.provider
            .force_flush()
            .expect("its exporter takes everything");
        // There is no way to ask hotpath: two of its sweeps, so that one is whole.
        thread::sleep(HOTPATH_SWEEP * 2);
    }

    pub(crate) fn contenders(&self) -> Vec<Contender<'_>> {
        let attributes = [KeyValue::new("function", "by_opentelemetry")];
        let [
            hotpath,
            fastrace,
            tracing,
            autometrics,
            metrics,
            prometheus,
            official,
            opentelemetry,
        ] = PEERS;
        vec![
            contender(hotpath, || {
                by_hotpath(1);
            }),
            batch(fastrace, in_traces),
            contender(tracing, || {
                by_tracing(1);
            }),
            contender(autometrics, || {
                by_autometrics(1);
            }),
            contender(metrics, || {
                by_metrics(1);
            }),
            contender(prometheus, || {
                by_prometheus(1);
            }),
            contender(official, || {
                by_prometheus_client(&self.official, 1);
            }),
            contender(opentelemetry, move || {
                by_opentelemetry(self, &attributes, 1);
            }),
        ]
    }
}

/// A function's span is recorded only inside of a trace: of a request, which has some number of them.
fn in_traces(times: u32) {
    let mut left = times;
    while left > 0 {
        let now = left.min(SPANS);
        let root = fastrace::Span::root("request", SpanContext::random());
        let _parent = root.set_local_parent();
        for _ in 0..now {
            by_fastrace(1);
        }
        left -= now;
    }
}
