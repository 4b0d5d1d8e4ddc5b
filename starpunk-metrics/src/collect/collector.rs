//! The loop of the collector thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, TryRecvError};

use crate::collect::diagnosis;
use crate::collect::memory::MemorySampler;
use crate::collect::queues::{NewQueue, NewWideQueue, Queues};
use crate::collect::report;
use crate::collect::state::{State, View};
use crate::collect::statements;
use crate::config::Config;
use crate::model::clock::Anchor;
use crate::model::control::Control;
use crate::model::event::Event;
use crate::model::gauges::{DropReason, Gauges};
use crate::model::names::Names;
use crate::model::plan::PlanErrand;
use crate::model::policy::Policy;
use crate::model::pool::PoolStats;
use crate::model::snapshot::{CollectorStats, Snapshot};
use crate::model::trace::RequestTrace;

/// How long the collector rests where nobody asks for anything.
const TICK: Duration = Duration::from_millis(100);

/// How many plans are found out at a tick: each opens a file.
const ERRANDS_A_TICK: usize = 4;

/// The least time between two warnings of loss.
const LOSS_WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The channels, as the collecting side holds them.
pub(crate) struct Lanes {
    pub(crate) queues: Receiver<NewQueue>,
    pub(crate) wide_queues: Receiver<NewWideQueue>,
    pub(crate) forced: Receiver<Event>,
    pub(crate) control: Receiver<Control>,
    pub(crate) errands: Receiver<PlanErrand>,
}

pub(crate) struct Collector {
    /// The number of the pipeline.
    id: u64,
    config: Config,
    policy: Policy,
    gauges: Arc<Gauges>,
    names: Arc<Names>,
    lanes: Lanes,
    /// Set by a sender that woke the collector, so that the next one need not.
    waking: Arc<AtomicBool>,
    started: Instant,
    queues: Queues,
    memory: Option<MemorySampler>,
    state: State,
    /// As it was when the state was brought up to date.
    requests_in_flight: u64,
    in_flight_by_route: Vec<(u32, u64)>,
    losses: LossWarning,
}

impl Collector {
    pub(crate) fn new(
        id: u64,
        config: Config,
        policy: Policy,
        gauges: Arc<Gauges>,
        names: Arc<Names>,
        lanes: Lanes,
        waking: Arc<AtomicBool>,
    ) -> Self {
        Self {
            id,
            state: State::new(config.buffer_size),
            memory: MemorySampler::new(&config),
            config,
            policy,
            gauges,
            names,
            lanes,
            waking,
            started: Instant::now(),
            queues: Queues::default(),
            requests_in_flight: 0,
            in_flight_by_route: Vec::new(),
            losses: LossWarning::default(),
        }
    }

    /// Collects until it is told to stop. A panic empties the state and is counted; collecting goes on.
    pub(crate) fn run(mut self) {
        while catch_unwind(AssertUnwindSafe(|| self.collect_until_stopped())).is_err() {
            self.gauges.count_restart();
            let lost = self.state.buffered() as u64;
            self.gauges.count_dropped(DropReason::CollectorPanic, lost);
            self.state = State::new(self.config.buffer_size);
            // The log itself may be what panicked.
            let _ = catch_unwind(|| {
                tracing::warn!(
                    target: "starpunk_metrics",
                    "the collector panicked; what it held is gone, and it starts again"
                );
            });
        }
    }

    fn collect_until_stopped(&mut self) {
        loop {
            let Ok(asked) = self.rest() else { return };
            // Relaxed: at worst a sender wakes the collector once more.
            self.waking.store(false, Ordering::Relaxed);
            self.gauges.beat();
            // A tick takes what is there; who asks is told everything.
            self.drain(!matches!(asked, None | Some(Control::Wake)));
            if let Some(memory) = &mut self.memory {
                memory.sample_if_due();
            }
            self.losses.warn_if_due(&self.gauges);
            match asked {
                None | Some(Control::Wake) => {}
                Some(Control::Flush(reply)) => answer(&reply, ()),
                Some(Control::Metrics(reply)) => {
                    answer(
                        &reply,
                        report::metrics(&self.state, &self.names, &self.policy),
                    );
                }
                Some(Control::Stats(reply)) => answer(&reply, self.stats()),
                Some(Control::Trace(id, reply)) => {
                    let record = self.state.traces.of(id).cloned();
                    let names = Arc::clone(&self.names);
                    answer(
                        &reply,
                        record.map(|record| RequestTrace::new(record, names)),
                    );
                }
                Some(Control::Snapshot(reply)) => answer(&reply, Box::new(self.snapshot())),
                Some(Control::Stop(reply)) => {
                    self.state.end();
                    answer(&reply, report::collected(&self.state.aggregate));
                    return;
                }
                #[cfg(test)]
                Some(Control::Panic) => panic!("a test asked for it"),
            }
        }
    }

    /// Rests until somebody asks for something, or for a tick; an error where nobody is left who could.
    ///
    /// By itself, and not in the channel: that would look again and again for some microseconds before it slept, at every tick.
    fn rest(&self) -> Result<Option<Control>, TryRecvError> {
        let until = Instant::now() + TICK;
        loop {
            match self.lanes.control.try_recv() {
                Err(TryRecvError::Empty) => {}
                asked => return asked.map(Some),
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            thread::park_timeout(left);
        }
    }

    /// Collects what was posted before it was called; all of it, if that is `complete`.
    fn drain(&mut self, complete: bool) {
        // Before the events are taken, so that a request that is not in flight any more is among them.
        self.requests_in_flight = self.gauges.requests_in_flight();
        if complete {
            self.in_flight_by_route = self.names.routes.in_flight();
        }
        let names = Arc::clone(&self.names);
        let policy = self.policy.clone();
        let view = View {
            policy: &policy,
            names: &names,
            anchor: Anchor::now(),
            pipeline: self.id,
        };
        self.drain_lanes(complete, &view);
        if complete {
            // Again: of a request that ended meanwhile, statements may lie where had been looked already.
            self.state.next_round();
            self.drain_lanes(complete, &view);
        }
        self.state.settle(&view);
        self.run_errands(complete);
    }

    fn drain_lanes(&mut self, complete: bool, view: &View<'_>) {
        let Lanes {
            queues,
            wide_queues,
            ..
        } = &self.lanes;
        self.queues.add(queues.try_iter(), wide_queues.try_iter());
        self.queues
            .drain(complete, &mut self.state, view, &self.gauges);
        for _ in 0..self.lanes.forced.len() {
            let Ok(event) = self.lanes.forced.try_recv() else {
                break;
            };
            self.state.keep_counted(event, view);
        }
    }

    /// Finds out plans: a few, or all that there are if somebody waits for an answer.
    fn run_errands(&mut self, complete: bool) {
        let most = if complete { usize::MAX } else { ERRANDS_A_TICK };
        for PlanErrand(run) in self.lanes.errands.try_iter().take(most) {
            // It is no part of collecting, and must not end it.
            let Ok(report) = catch_unwind(AssertUnwindSafe(run)) else {
                continue;
            };
            if report.is_provisional {
                self.names.shapes.get(u32::from(report.shape)).ask_again();
            }
            self.state.learn(report);
        }
    }

    fn stats(&self) -> crate::model::metric::MetricsStats {
        let dropped = self.gauges.total_dropped();
        report::stats(&self.state, self.config.buffer_size, dropped)
    }

    /// The kept traces, in the order in which they began.
    fn traces(&self) -> Vec<RequestTrace> {
        let records = self.state.traces.sorted().into_iter();
        records
            .map(|record| RequestTrace::new(record.clone(), Arc::clone(&self.names)))
            .collect()
    }

    fn snapshot(&mut self) -> Snapshot {
        let aggregate = &self.state.aggregate;
        Snapshot {
            taken_at: SystemTime::now(),
            uptime: self.started.elapsed(),
            stats: self.stats(),
            operations: report::operations(aggregate, &self.names),
            routes: report::routes(aggregate, &self.names, &self.in_flight_by_route),
            queries: report::queries(aggregate),
            statements: statements::statements(&self.state, &self.names),
            transactions: aggregate.transactions.stats(),
            pools: PoolStats::of(&self.names.pools, |number| aggregate.pools.get(number)),
            findings: diagnosis::findings(
                &self.state,
                &self.names,
                &self.policy,
                self.gauges.hooks_replaced(),
            ),
            traces: self.traces(),
            memory: self.memory.as_mut().map(MemorySampler::stats),
            requests_in_flight: self.requests_in_flight,
            unattributed: self.gauges.unattributed(),
            request_ids_refused: self.gauges.request_ids_refused(),
            dropped: self.gauges.dropped(),
            names_refused: self.names.routes.refused() + self.names.shapes.refused(),
            collector: CollectorStats {
                heartbeats: self.gauges.heartbeats(),
                restarts: self.gauges.restarts(),
                threads: self.queues.len(),
            },
        }
    }
}

fn answer<T>(reply: &SyncSender<T>, answer: T) {
    // Whoever asked may have given up waiting; then the answer goes nowhere.
    let _ = reply.try_send(answer);
}

/// Says that records are being lost: at the first loss, and then at most once a minute.
#[derive(Debug, Default)]
struct LossWarning {
    told: u64,
    last: Option<Instant>,
}

impl LossWarning {
    fn warn_if_due(&mut self, gauges: &Gauges) {
        let dropped = gauges.total_dropped();
        let rested = self
            .last
            .is_none_or(|last| last.elapsed() >= LOSS_WARNING_INTERVAL);
        if dropped > self.told && rested {
            tracing::warn!(
                target: "starpunk_metrics",
                dropped = dropped - self.told,
                "records were dropped because more was recorded than could be kept; counts are exact"
            );
            self.told = dropped;
            self.last = Some(Instant::now());
        }
    }
}
