//! The cheapest layer of tracing that times spans: a clock read at each end, and one histogram for all of them.

use std::time::Instant;

use prometheus::{Histogram, HistogramOpts};
use tracing::span::{Attributes, Id};
use tracing::{Subscriber, subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

pub(crate) struct Timing {
    seconds: Histogram,
}

struct Started(Instant);

impl Timing {
    /// For the whole process, as an application has it.
    pub(crate) fn install() {
        let options = HistogramOpts::new("span_seconds", "seconds of a span");
        let seconds = Histogram::with_opts(options).expect("the name is one");
        let registry = tracing_subscriber::registry().with(Self { seconds });
        subscriber::set_global_default(registry).expect("nothing was installed");
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Timing {
    fn on_new_span(&self, _attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Started(Instant::now()));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let started = context.span(&id);
        let started = started.and_then(|span| span.extensions().get().map(|Started(at)| *at));
        if let Some(started) = started {
            self.seconds.observe(started.elapsed().as_secs_f64());
        }
    }
}
