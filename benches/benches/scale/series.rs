//! 1 to 10,000 series in a snapshot: how long it takes, how large it is, and whether those who record notice.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benches::{Plan, Spread, table};
use quanta::Clock;
use rusqlite::Connection;
use starpunk_metrics::{Config, Metrics, sqlite, track_business};

const SERIES: [u32; 5] = [1, 10, 100, 1_000, 10_000];
const EVERY: Duration = Duration::from_micros(20);
const EVENTS: u32 = 20_000;

#[inline(never)]
#[track_business("beside")]
fn event(value: u64) -> u64 {
    black_box(value)
}

/// Prints the table.
pub(crate) fn compare() {
    let head = [
        "shapes asked",
        "shapes in it",
        "snapshot, us",
        "to_json, us",
        "JSON, KB",
        "event, ns: median, 99%",
        "beside snapshots",
        "snapshots",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    for series in SERIES {
        lines.push(line(series));
    }
    let note = format!(
        "Time of `Metrics::snapshot()` and of `Snapshot::to_json` on whoever asks: median (fastest .. 90th percentile). Then \
         another thread records an event every {EVERY:?}: what each costs it, first by itself, and then while snapshots \
         are taken one after the other."
    );
    table::print("scale: series in a snapshot", &note, &lines);
}

fn line(series: u32) -> [String; 8] {
    let metrics = Metrics::start(Config::default().test_mode(true)).expect("the last one ended");
    let mut connection = Connection::open_in_memory().expect("memory is there");
    sqlite::instrument(&mut connection).expect("it takes a hook");
    for shape in 0..series {
        let value: i64 = connection
            .query_row(&format!("SELECT 1 AS column_{shape}"), [], |row| row.get(0))
            .expect("this is SQL");
        black_box(value);
    }
    metrics.flush();
    let rounds = Plan::new(41, 1).rounds();
    let mut taken = Vec::new();
    let mut written = Vec::new();
    let mut bytes = 0;
    let mut shapes = 0;
    for _ in 0..rounds {
        let start = Instant::now();
        let snapshot = metrics.snapshot();
        taken.push(start.elapsed().as_nanos() as f64 / 1_000.0);
        let start = Instant::now();
        bytes = snapshot.to_json().to_string().len();
        written.push(start.elapsed().as_nanos() as f64 / 1_000.0);
        shapes = snapshot.statements().len();
    }
    let alone = events();
    let ended = AtomicBool::new(false);
    let mut snapshots = 0;
    let beside = thread::scope(|scope| {
        let recording = scope.spawn(|| {
            let nanos = events();
            // Relaxed: it says only when to stop.
            ended.store(true, Ordering::Relaxed);
            nanos
        });
        while !ended.load(Ordering::Relaxed) {
            black_box(metrics.snapshot());
            snapshots += 1;
        }
        recording.join().expect("it does not panic")
    });
    metrics.shutdown(Duration::from_secs(5));
    [
        series.to_string(),
        shapes.to_string(),
        Spread::of(taken).to_string(),
        Spread::of(written).to_string(),
        format!("{:.0}", bytes as f64 / 1_000.0),
        alone,
        beside,
        snapshots.to_string(),
    ]
}

/// The median and the 99th percentile of what an event costs, its two clock reads included.
fn events() -> String {
    let clock = Clock::new();
    let mut due = Instant::now();
    let mut nanos: Vec<u64> = (0..EVENTS)
        .map(|value| {
            due += EVERY;
            while Instant::now() < due {
                std::hint::spin_loop();
            }
            let start = clock.raw();
            event(u64::from(value));
            clock.delta_as_nanos(start, clock.raw())
        })
        .collect();
    nanos.sort_unstable();
    let at = |share: usize| nanos[(nanos.len() - 1) * share / 100];
    format!("{}, {}", at(50), at(99))
}
