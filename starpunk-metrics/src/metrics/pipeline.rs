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

/// Forced records that find room in the lane at least, whatever the buffer's size: 1 MB.
const LEAST_FORCED: usize = 16_384;

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
    let (wide_queues, new_wide_queues) = crossbeam_channel::unbounded();
    let forced = crossbeam_channel::unbounded();
    let (control, questions) = crossbeam_channel::unbounded();
    let (errands, to_run) = crossbeam_channel::bounded(MAX_ERRANDS);
    let collector_lanes = CollectorLanes {
        queues: new_queues,
        wide_queues: new_wide_queues,
        forced: forced.1.clone(),
        control: questions,
        errands: to_run,
    };
    let recorder_lanes = RecorderLanes {
        queues,
        wide_queues,
        forced,
        forced_capacity: config.buffer_size.max(LEAST_FORCED),
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use crate::instrument::fields::NoFields;
    use crate::instrument::{business, function};
    use crate::metrics::Metrics;
    use crate::model::callsite::{CallKind, Callsite};
    use crate::model::gauges::{DropReason, Gauges};
    use crate::model::operation::{OperationType, Outcome};
    use crate::model::plan::{PlanErrand, PlanReport, QueryPlan};

    use super::*;

    /// More than all rings have room for.
    const FLOOD: u64 = 40_000;

    fn metrics() -> Metrics {
        let config = Config::default().test_mode(true).buffer_size(50_000);
        Metrics::scoped(config).expect("the settings are valid")
    }

    fn gauges(metrics: &Metrics) -> &Gauges {
        &metrics.recorder.as_ref().expect("it measures").gauges
    }

    /// Keeps the collector from coming round, until what is returned is dropped.
    fn hold_up(metrics: &Metrics) -> Sender<()> {
        let (release, released) = channel::<()>();
        let (arrive, arrived) = channel();
        let errand = PlanErrand(Box::new(move || {
            let _ = arrive.send(());
            let _ = released.recv();
            PlanReport {
                shape: 0,
                plan: QueryPlan::Unavailable("it only waits"),
                scans: Vec::new(),
                is_provisional: false,
            }
        }));
        let recorder = metrics.recorder.as_ref().expect("it measures");
        assert!(recorder.run_later(errand));
        arrived.recv().expect("the collector comes round");
        release
    }

    fn flood(metrics: &Metrics) {
        let _entered = metrics.enter();
        (0..FLOOD).for_each(business::track_note_deleted);
    }

    #[test]
    fn what_is_recorded_while_nobody_collects_is_all_there_and_in_order() {
        let metrics = metrics();
        let held_up = hold_up(&metrics);
        flood(&metrics);
        drop(held_up);
        let records = metrics.metrics();
        assert_eq!(metrics.stats().total_count, FLOOD);
        assert_eq!(records.len() as u64, FLOOD);
        let notes = (0..FLOOD).zip(&records);
        assert!(
            notes
                .into_iter()
                .all(|(note, record)| record.fields["note"] == note)
        );
        assert_eq!(gauges(&metrics).total_dropped(), 0);
    }

    #[test]
    fn what_finds_no_room_is_counted_whether_it_has_much_to_say_or_little() {
        static SITE: Callsite = Callsite::new(CallKind::Business, || "plain");
        let metrics = metrics();
        let held_up = hold_up(&metrics);
        {
            let _entered = metrics.enter();
            for note in 0..FLOOD {
                business::track_note_deleted(note);
                function::call(&SITE, NoFields, || {}, |()| Outcome::Ok);
            }
        }
        let recorder = metrics.recorder.as_ref().expect("it measures");
        assert!(!recorder.lanes.forced.0.is_empty(), "it was too much");
        drop(held_up);
        let snapshot = metrics.snapshot();
        let counted =
            ["note_deleted", "plain"].map(|name| snapshot.count(OperationType::Render, name));
        assert_eq!(counted, [FLOOD; 2]);
    }

    #[test]
    fn the_newest_are_kept_whether_they_have_much_to_say_or_little() {
        static SITE: Callsite = Callsite::new(CallKind::Business, || "plain");
        let config = Config::default().test_mode(true).buffer_size(10);
        let metrics = Metrics::scoped(config).expect("the settings are valid");
        let entered = metrics.enter();
        for _ in 0..20 {
            function::call(&SITE, NoFields, || {}, |()| Outcome::Ok);
        }
        (0..5_u64).for_each(business::track_note_deleted);
        drop(entered);
        let records = metrics.metrics();
        let newest = records.iter().rev().take(5);
        assert!(
            newest
                .into_iter()
                .all(|record| record.operation_name == "note_deleted")
        );
        assert_eq!(records.len(), 10);
    }

    #[test]
    fn the_room_of_rings_that_have_ended_is_there_for_others() {
        let metrics = metrics();
        let held_up = hold_up(&metrics);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| flood(&metrics));
            }
        });
        assert!(!gauges(&metrics).take_queue_room(512 * 1024), "it is used");
        drop(held_up);
        // A thread is joined before its thread-locals are gone for certain.
        while metrics.snapshot().collector.threads > 0 {
            std::thread::yield_now();
        }
        assert_eq!(metrics.stats().total_count, 4 * FLOOD);
        assert!(gauges(&metrics).take_queue_room(Gauges::MOST_QUEUE_BYTES));
        assert!(!gauges(&metrics).take_queue_room(1));
    }

    /// Whether the larger rings of all threads leave so much room.
    fn leave_room(metrics: &Metrics, bytes: usize) -> bool {
        let has_room = gauges(metrics).take_queue_room(bytes);
        if has_room {
            gauges(metrics).give_queue_room(bytes);
        }
        has_room
    }

    #[test]
    fn a_ring_that_grew_is_small_again_when_the_collector_comes_in_time_again() {
        const ALL_BUT_ONE_SMALL: usize = Gauges::MOST_QUEUE_BYTES - 40 * 1024;
        let metrics = metrics();
        let held_up = hold_up(&metrics);
        flood(&metrics);
        drop(held_up);
        assert!(metrics.flush());
        assert!(!leave_room(&metrics, ALL_BUT_ONE_SMALL), "it grew");
        let _entered = metrics.enter();
        let mut told = FLOOD;
        while !leave_room(&metrics, ALL_BUT_ONE_SMALL) {
            assert!(told < 100 * FLOOD, "it stays as large as it is");
            (0..20_u64).for_each(business::track_note_deleted);
            told += 20;
            assert!(metrics.flush());
        }
        assert_eq!(metrics.stats().total_count, told);
        assert_eq!(gauges(&metrics).total_dropped(), 0);
    }

    #[test]
    fn a_thread_that_was_refused_is_heard_again() {
        let metrics = metrics();
        let recorder = metrics.recorder.as_ref().expect("it measures");
        let held_up = hold_up(&metrics);
        flood(&metrics);
        drop(held_up);
        assert!(metrics.flush());
        assert_eq!(recorder.lanes.forced.0.len(), 0);
        let held_up = hold_up(&metrics);
        let _entered = metrics.enter();
        (0..100_u64).for_each(business::track_note_deleted);
        assert!(
            recorder.lanes.forced.0.len() < 32,
            "the rest is in the ring"
        );
        drop(held_up);
        assert_eq!(metrics.stats().total_count, FLOOD + 100);
        let dropped = recorder.gauges.dropped();
        assert!(
            dropped.contains(&(DropReason::ChannelFull, 0)),
            "all are forced"
        );
    }
}
