//! 1 to 64 threads that call at once.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use benches::measure::Time;
use benches::{Plan, batch, measure, table};
use quanta::Clock;
use starpunk_metrics::{Config, DropReason, Metrics, OperationType, Snapshot, monitored_query};

const THREADS: [u32; 7] = [1, 2, 4, 8, 16, 32, 64];

/// Of all threads together: what the channel holds, so that nothing is dropped and each is paid in full.
const TIMES: u32 = 12_800;

/// Of each thread, as fast as it can: far more than a collector can follow.
const FLOOD: u32 = 100_000;

#[inline(never)]
#[monitored_query("threads")]
fn ours(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
fn limit(clock: &Clock, value: u64) -> u64 {
    let start = clock.raw();
    let value = black_box(value);
    black_box(clock.raw() - start);
    value
}

/// Threads that wait to be told what to do.
struct Crew {
    threads: Vec<JoinHandle<()>>,
    begin: Arc<Barrier>,
    end: Arc<Barrier>,
    order: Arc<Order>,
}

#[derive(Default)]
struct Order {
    work: AtomicU32,
    times: AtomicU32,
}

const LEAVE: u32 = 0;
const LIMIT: u32 = 1;
const OURS: u32 = 2;

impl Crew {
    fn of(threads: u32) -> Self {
        let all = threads as usize + 1;
        let (begin, end) = (Arc::new(Barrier::new(all)), Arc::new(Barrier::new(all)));
        let order = Arc::new(Order::default());
        let one = || {
            let (begin, end) = (Arc::clone(&begin), Arc::clone(&end));
            let order = Arc::clone(&order);
            thread::spawn(move || work(&begin, &end, &order))
        };
        Self {
            threads: (0..threads).map(|_| one()).collect(),
            begin,
            end,
            order,
        }
    }

    /// Each thread does it so many times.
    fn run(&self, work: u32, times: u32) {
        // Relaxed: the barrier is between.
        self.order.work.store(work, Ordering::Relaxed);
        self.order.times.store(times, Ordering::Relaxed);
        self.begin.wait();
        self.end.wait();
    }

    fn leave(self) {
        self.order.work.store(LEAVE, Ordering::Relaxed);
        self.begin.wait();
        for thread in self.threads {
            thread.join().expect("none of them panics");
        }
    }
}

fn work(begin: &Barrier, end: &Barrier, order: &Order) {
    let clock = Clock::new();
    loop {
        begin.wait();
        let times = u64::from(order.times.load(Ordering::Relaxed));
        match order.work.load(Ordering::Relaxed) {
            LEAVE => return,
            LIMIT => (0..times).for_each(|value| {
                limit(&clock, value);
            }),
            _ => (0..times).for_each(|value| {
                ours(value);
            }),
        }
        end.wait();
    }
}

/// Prints the table.
pub(crate) fn compare() {
    let metrics = Metrics::start(Config::default().test_mode(true)).expect("nothing was started");
    let head = [
        "threads",
        "the limit, ns",
        "ours, ns",
        "above",
        "flood, ns",
        "counted",
        "records dropped",
        "forced dropped",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    for threads in THREADS {
        let crew = Crew::of(threads);
        let each = |work| {
            let crew = &crew;
            move |times: u32| crew.run(work, times / threads)
        };
        let contenders = vec![batch("limit", each(LIMIT)), batch("ours", each(OURS))];
        let measured = measure(Plan::new(21, TIMES), contenders, || {
            metrics.flush();
        });
        let processor = |name| measured.spread(name, Time::Processor).to_string();
        let above = measured.above("ours", "limit", Time::Processor).median;

        let before = metrics.snapshot();
        let start = Instant::now();
        crew.run(OURS, FLOOD);
        let flood = start.elapsed();
        let after = metrics.snapshot();
        crew.leave();
        let counted = calls(&after) - calls(&before);
        let sent = u64::from(threads) * u64::from(FLOOD);
        let dropped = |reason| dropped(&after, reason) - dropped(&before, reason);
        lines.push([
            threads.to_string(),
            processor("limit"),
            processor("ours"),
            format!("{above:+.1}"),
            format!("{:.1}", flood.as_nanos() as f64 / sent as f64),
            if counted == sent {
                "all".to_owned()
            } else {
                format!("{counted} of {sent}")
            },
            dropped(DropReason::ChannelFull).to_string(),
            dropped(DropReason::ForcedOverflow).to_string(),
        ]);
    }
    let note = format!(
        "ns of the processor's time a call, all threads and the collector included: median (fastest .. 90th percentile); \
         then a flood, in which each thread makes {FLOOD} calls as fast as it can: wall time of all by call, whether all \
         were counted, and the records that were not kept."
    );
    table::print("scale: threads", &note, &lines);
    metrics.shutdown(Duration::from_secs(5));
}

fn calls(snapshot: &Snapshot) -> u64 {
    snapshot.count(OperationType::Database, "threads")
}

fn dropped(snapshot: &Snapshot, reason: DropReason) -> u64 {
    let known = snapshot.dropped.iter().find(|(known, _)| *known == reason);
    known.map_or(0, |(_, count)| *count)
}
