//! 1,000,000 events a second, by one thread and by several.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use benches::{Goal, clock, seconds, table};
use starpunk_metrics::{
    Config, DropReason, Metrics, OperationType, Snapshot, monitored_query, track_business,
};

const A_SECOND: u32 = 1_000_000;
const THREADS: [u32; 3] = [1, 2, 4];

/// `BENCH_RATE_SECONDS` makes it shorter.
const SECONDS: u64 = 10;

/// Each thread sends its share of that time, and sleeps for the rest of it.
const BEAT: Duration = Duration::from_millis(1);

#[inline(never)]
#[track_business("rate, forced")]
fn forced(value: u32) -> u32 {
    black_box(value)
}

#[inline(never)]
#[monitored_query("rate, ordinary")]
fn ordinary(value: u32) -> u32 {
    black_box(value)
}

/// Prints the table, and returns what it says of the goal.
pub(crate) fn measure() -> Goal {
    let head = [
        "threads",
        "sent",
        "a second",
        "counted",
        "records dropped",
        "forced dropped",
        "processor",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    let runs = THREADS.map(run);
    for run in &runs {
        lines.push([
            run.threads.to_string(),
            run.sent.to_string(),
            format!("{:.0}", run.rate()),
            run.counted.to_string(),
            run.dropped.to_string(),
            run.forced_dropped.to_string(),
            format!("{:.1}%", 100.0 * run.processor),
        ]);
    }
    table::print(
        "scale: 1,000,000 events a second",
        "Every second one is forced. The processor's time is of one core, and of all threads: those that send, which sleep \
         between two milliseconds, and the collector.",
        &lines,
    );
    goal(&runs)
}

struct Run {
    threads: u32,
    sent: u64,
    counted: u64,
    dropped: u64,
    forced_dropped: u64,
    took: Duration,
    /// Of one core.
    processor: f64,
}

impl Run {
    fn rate(&self) -> f64 {
        self.sent as f64 / self.took.as_secs_f64()
    }
}

fn run(threads: u32) -> Run {
    let metrics = Metrics::start(Config::default().test_mode(true)).expect("the last one ended");
    let lasts = seconds("BENCH_RATE_SECONDS", SECONDS);
    let (before, start) = (clock::own(), Instant::now());
    let sent = thread::scope(|scope| {
        let senders: Vec<_> = (0..threads)
            .map(|_| scope.spawn(move || send(threads, lasts)))
            .collect();
        let sent = senders.into_iter().map(|sender| sender.join());
        sent.map(|sent| sent.expect("it does not panic")).sum()
    });
    let took = start.elapsed();
    metrics.flush();
    let processor = (clock::own() - before).as_secs_f64() / took.as_secs_f64();
    let snapshot = metrics.snapshot();
    metrics.shutdown(lasts);
    Run {
        threads,
        sent,
        counted: snapshot.count(OperationType::Render, "rate, forced")
            + snapshot.count(OperationType::Database, "rate, ordinary"),
        dropped: snapshot.dropped.iter().map(|(_, count)| count).sum(),
        forced_dropped: dropped(&snapshot, DropReason::ForcedOverflow),
        took,
        processor,
    }
}

/// Sends this thread's share; a late beat is made up for at once.
fn send(threads: u32, lasts: Duration) -> u64 {
    let start = Instant::now();
    let each = A_SECOND / 1_000 / threads;
    let mut sent = 0;
    let mut due = Duration::ZERO;
    while due < lasts {
        for value in 0..each {
            // An even number of them.
            if value % 2 == 0 {
                forced(value);
            } else {
                ordinary(value);
            }
        }
        sent += u64::from(each);
        due += BEAT;
        thread::sleep(due.saturating_sub(start.elapsed()));
    }
    sent
}

fn dropped(snapshot: &Snapshot, reason: DropReason) -> u64 {
    let known = snapshot.dropped.iter().find(|(known, _)| *known == reason);
    known.map_or(0, |(_, count)| *count)
}

fn goal(runs: &[Run]) -> Goal {
    let figure = "1,000,000 events a second for 10 s";
    let goal = "nothing dropped, or every drop counted and none forced";
    if let Some(slow) = runs
        .iter()
        .find(|run| run.rate() < 0.99 * f64::from(A_SECOND))
    {
        let reason = format!(
            "{:.0} a second by {} threads here",
            slow.rate(),
            slow.threads
        );
        return Goal::unmeasured(figure, goal, reason);
    }
    let sum = |of: fn(&Run) -> u64| runs.iter().map(of).sum::<u64>();
    let [sent, counted] = [sum(|run| run.sent), sum(|run| run.counted)];
    let [dropped, forced] = [sum(|run| run.dropped), sum(|run| run.forced_dropped)];
    Goal::new(
        figure,
        goal,
        format_args!(
            "{counted} of {sent} counted, {dropped} records dropped, {forced} of them forced"
        ),
        counted == sent && forced == 0,
    )
}
