//! Builds the two sides of a channel.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::collect::collector::{Collector, Lanes as CollectorLanes};
use crate::config::Config;
use crate::model::gauges::Gauges;
use crate::model::names::Names;
use crate::model::policy::Policy;
use crate::model::sampling::SamplingRate;
use crate::record::recorder::{Lanes as RecorderLanes, Recorder};

/// Plans that may wait to be asked for.
const MAX_ERRANDS: usize = 64;

/// Builds both sides of a channel.
pub(crate) fn pipeline(config: Config) -> (Arc<Recorder>, Collector) {
    let policy = Policy {
        slow_query: config.slow_query_threshold,
        slow_statements: config.slow_statement_thresholds(),
        repeated_statements: config.repeated_statements,
        many_statements: config.many_statements,
        slow_request: config.slow_request_threshold,
        slow_poll: config.slow_poll_threshold,
        sampling: SamplingRate::new(config.sampling_rate),
    };
    let gauges = Arc::new(Gauges::default());
    let names = Arc::new(Names::default());
    let waking = Arc::new(AtomicBool::new(false));
    let (queues, new_queues) = crossbeam_channel::unbounded();
    let forced = crossbeam_channel::unbounded();
    let (control, questions) = crossbeam_channel::unbounded();
    let (errands, to_run) = crossbeam_channel::bounded(MAX_ERRANDS);
    let collector_lanes = CollectorLanes {
        queues: new_queues,
        forced: forced.1.clone(),
        control: questions,
        errands: to_run,
    };
    let recorder_lanes = RecorderLanes {
        queues,
        forced,
        forced_capacity: config.buffer_size,
        control,
        errands,
    };
    let id = Recorder::next_id();
    let recorder = Recorder::new(
        id,
        policy.clone(),
        Arc::clone(&gauges),
        Arc::clone(&names),
        recorder_lanes,
        Arc::clone(&waking),
    );
    let collector = Collector::new(id, config, policy, gauges, names, collector_lanes, waking);
    (Arc::new(recorder), collector)
}
