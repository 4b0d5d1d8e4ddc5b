//! Starts and stops pipelines, and asks them.

mod pipeline;

use std::fmt;
use std::marker::PhantomData;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::error::Error;
use crate::metrics::pipeline::pipeline;
use crate::model::clock;
use crate::model::control::Control;
use crate::model::metric::{Metric, MetricsStats};
use crate::model::request_id::RequestId;
use crate::model::shutdown::ShutdownReport;
use crate::model::snapshot::Snapshot;
use crate::model::trace::RequestTrace;
use crate::record::context::Context;
use crate::record::current;
use crate::record::recorder::Recorder;

/// How long a question to the collector may take before the answer is empty.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long dropping a [`Metrics`] may take to collect the rest.
const DROP_TIMEOUT: Duration = Duration::from_secs(2);

/// A running pipeline: it collects until it is shut down or dropped.
///
/// ```
/// use std::time::Duration;
/// use starpunk_metrics::{Config, Metrics, business, get_metrics};
///
/// let metrics = Metrics::start(Config::default())?;
/// business::track_note_created("first-note", 42);
/// assert_eq!(get_metrics()[0].operation_name, "note_created");
/// println!("{}", metrics.shutdown(Duration::from_secs(2)));
/// # Ok::<(), starpunk_metrics::Error>(())
/// ```
pub struct Metrics {
    /// `None` with `enabled` off: there is no thread and no channel.
    recorder: Option<Arc<Recorder>>,
    running: Mutex<Running>,
}

enum Running {
    Yes(Option<JoinHandle<()>>),
    Ended(ShutdownReport),
}

impl Metrics {
    /// Starts the process's own pipeline.
    ///
    /// Keep what it returns: dropping it ends the pipeline.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyStarted`] while another is running, [`Error::InvalidSetting`] for a setting that is out of its
    /// range, [`Error::Thread`] where the system gives no thread.
    pub fn start(config: Config) -> Result<Self, Error> {
        Self::build(config, true)
    }

    /// Starts a pipeline of its own beside the process's, for tests that run in parallel.
    ///
    /// Work reports to it between [`Metrics::enter`] and the end of the guard, on that thread, in the requests of an
    /// `HttpMetrics` made there, and in what those carry elsewhere through `block`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSetting`] and [`Error::Thread`], as [`Metrics::start`].
    pub fn scoped(config: Config) -> Result<Self, Error> {
        Self::build(config, false)
    }

    fn build(config: Config, global: bool) -> Result<Self, Error> {
        config.validate()?;
        if !config.enabled {
            return Ok(Self {
                recorder: None,
                running: Mutex::new(Running::Yes(None)),
            });
        }
        clock::calibrate();
        let (recorder, collector) = pipeline(config);
        if global && !current::install_global(&recorder) {
            return Err(Error::AlreadyStarted);
        }
        let spawned = thread::Builder::new()
            .name("starpunk-metrics".to_owned())
            .spawn(move || collector.run());
        let thread = match spawned {
            Ok(thread) => thread,
            Err(error) => {
                current::remove_global(&recorder);
                return Err(Error::Thread(error));
            }
        };
        recorder.set_collector(thread.thread().clone());
        current::pipeline_started();
        Ok(Self {
            recorder: Some(recorder),
            running: Mutex::new(Running::Yes(Some(thread))),
        })
    }

    /// Tells whether anything is measured: `Config::enabled`, as it was at the start.
    pub fn is_enabled(&self) -> bool {
        self.recorder.is_some()
    }

    /// Makes this thread report to this pipeline until the guard is dropped.
    #[must_use = "the thread reports to this pipeline only while the guard lives"]
    pub fn enter(&self) -> Entered {
        let mut context = Context {
            recorder: self.recorder.clone(),
            ..Context::default()
        };
        current::swap_context(&mut context);
        Entered {
            outer: context,
            not_send: PhantomData,
        }
    }

    /// Waits until everything that was recorded before is collected; `false` if that took more than five seconds.
    pub fn flush(&self) -> bool {
        match &self.recorder {
            Some(recorder) => ask(recorder, Control::Flush).is_some(),
            None => true,
        }
    }

    /// Returns the kept records, oldest first.
    pub fn metrics(&self) -> Vec<Metric> {
        let asked = self.recorder.as_ref();
        asked
            .and_then(|recorder| ask(recorder, Control::Metrics))
            .unwrap_or_default()
    }

    /// Returns the totals and the measures by type.
    pub fn stats(&self) -> MetricsStats {
        let asked = self.recorder.as_ref();
        asked
            .and_then(|recorder| ask(recorder, Control::Stats))
            .unwrap_or_default()
    }

    /// Returns everything that was counted until now; empty after `shutdown` and where nothing is measured.
    pub fn snapshot(&self) -> Snapshot {
        let asked = self.recorder.as_ref();
        asked
            .and_then(|recorder| ask(recorder, Control::Snapshot))
            .map(|snapshot| *snapshot)
            .unwrap_or_default()
    }

    /// Returns the trace of a request, if it was kept: of one that was slow, failed, conspicuous or sampled.
    ///
    /// An id that was read somewhere is parsed: `metrics.trace("0b5e..".parse()?)`.
    pub fn trace(&self, id: RequestId) -> Option<RequestTrace> {
        let recorder = self.recorder.as_ref()?;
        ask(recorder, |reply| Control::Trace(id, reply)).flatten()
    }

    /// Collects the rest and ends the pipeline, within `timeout`.
    ///
    /// A second call returns the first one's report.
    pub fn shutdown(&self, timeout: Duration) -> ShutdownReport {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = match &mut *running {
            Running::Ended(report) => return report.clone(),
            Running::Yes(thread) => thread.take(),
        };
        let report = match (&self.recorder, thread) {
            (Some(recorder), Some(thread)) => stop(recorder, thread, timeout),
            _ => ShutdownReport::default(),
        };
        *running = Running::Ended(report.clone());
        report
    }

    #[cfg(test)]
    fn control(&self, message: Control) {
        let recorder = self.recorder.as_ref().expect("this test measures");
        assert!(recorder.tell(message), "the collector lives");
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.shutdown(DROP_TIMEOUT);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("enabled", &self.recorder.is_some())
            .finish_non_exhaustive()
    }
}

/// A thread's time in a pipeline, begun by [`Metrics::enter`]; what was before comes back when it is dropped.
///
/// Guards on one thread end in the reverse order of their making, as variables do by themselves.
#[derive(Debug)]
pub struct Entered {
    outer: Context,
    /// It belongs to the thread that entered.
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        current::swap_context(&mut self.outer);
    }
}

/// Returns the kept records of the pipeline at hand, oldest first; empty where none was started.
///
/// The pipeline at hand is the one this thread has entered, else the process's own.
pub fn get_metrics() -> Vec<Metric> {
    current::recorder()
        .and_then(|recorder| ask(&recorder, Control::Metrics))
        .unwrap_or_default()
}

/// Returns the totals of the pipeline at hand, and the measures by type; empty where none was started.
pub fn get_metrics_stats() -> MetricsStats {
    current::recorder()
        .and_then(|recorder| ask(&recorder, Control::Stats))
        .unwrap_or_default()
}

/// Returns everything that the pipeline at hand has counted; empty where none was started.
pub fn get_snapshot() -> Snapshot {
    current::recorder()
        .and_then(|recorder| ask(&recorder, Control::Snapshot))
        .map(|snapshot| *snapshot)
        .unwrap_or_default()
}

/// Returns the trace of a request from the pipeline at hand, if it was kept there.
pub fn get_trace(id: RequestId) -> Option<RequestTrace> {
    let recorder = current::recorder()?;
    ask(&recorder, |reply| Control::Trace(id, reply)).flatten()
}

/// Puts a question to the collector; `None` where it is gone, takes too long, or is who asks.
fn ask<T>(recorder: &Recorder, question: impl FnOnce(SyncSender<T>) -> Control) -> Option<T> {
    if recorder.is_collector(thread::current().id()) {
        return None;
    }
    let (reply, answer) = sync_channel(1);
    if !recorder.tell(question(reply)) {
        return None;
    }
    answer.recv_timeout(ANSWER_TIMEOUT).ok()
}

fn stop(recorder: &Recorder, thread: JoinHandle<()>, timeout: Duration) -> ShutdownReport {
    let deadline = Instant::now().checked_add(timeout);
    current::remove_global(recorder);
    // First, so that each event is either before the last collection or counted as too late.
    recorder.stop();
    let (reply, answer) = sync_channel(1);
    let asked = recorder.tell(Control::Stop(reply));
    let flushed = asked.then(|| answer.recv_timeout(timeout).ok()).flatten();
    current::pipeline_stopped();
    if flushed.is_some() && deadline.is_none_or(|deadline| Instant::now() <= deadline) {
        // It has answered, so it is returning now; a panic in it was caught and counted.
        let _ = thread.join();
    }
    let dropped = recorder.gauges.dropped();
    ShutdownReport {
        flushed: flushed.unwrap_or(0),
        dropped: recorder.gauges.total_dropped(),
        dropped_by_reason: dropped
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect(),
        timed_out: flushed.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::business;
    use crate::model::gauges::DropReason;
    use crate::model::operation::OperationType;

    fn pipeline() -> Metrics {
        Metrics::scoped(Config::default().test_mode(true)).expect("the defaults are valid")
    }

    #[test]
    fn a_panicking_collector_starts_again_empty_and_says_so() {
        let metrics = pipeline();
        let _entered = metrics.enter();
        business::track_cache_hit("feed");
        assert_eq!(metrics.stats().total_count, 1);
        metrics.control(Control::Panic);
        assert!(metrics.flush(), "it lives again");
        business::track_cache_hit("feed");
        business::track_cache_hit("feed");
        let snapshot = metrics.snapshot();
        assert_eq!(snapshot.collector.restarts, 1);
        assert_eq!(snapshot.count(OperationType::Render, "cache_hit"), 2);
        assert!(snapshot.dropped.contains(&(DropReason::CollectorPanic, 1)));
    }

    #[test]
    fn the_collector_is_not_asked_by_itself() {
        fn asks_for_metrics() -> crate::AllocatorStats {
            crate::AllocatorStats {
                live_bytes: get_metrics().len() as u64,
                allocations: get_metrics_stats().total_count,
            }
        }
        let config = Config::default()
            .memory_baseline_delay(Duration::ZERO)
            .allocator_stats(asks_for_metrics);
        let metrics = Metrics::scoped(config).expect("the settings are valid");
        assert!(metrics.flush());
    }

    #[test]
    fn shutting_down_twice_gives_the_same_report() {
        let metrics = pipeline();
        let entered = metrics.enter();
        business::track_cache_hit("feed");
        drop(entered);
        let report = metrics.shutdown(Duration::from_secs(5));
        assert_eq!(
            (report.flushed, report.dropped, report.timed_out),
            (1, 0, false)
        );
        assert_eq!(metrics.shutdown(Duration::from_secs(5)), report);
        assert_eq!(
            report.to_string(),
            "metrics: 1 operations flushed, 0 records dropped"
        );
    }

    #[test]
    fn what_ends_while_the_pipeline_stops_is_counted_as_dropped() {
        let metrics = pipeline();
        let _entered = metrics.enter();
        let recorder = metrics.recorder.as_ref().expect("it measures");
        recorder.stop();
        business::track_cache_hit("feed");
        assert_eq!(recorder.gauges.total_dropped(), 1);
    }
}
