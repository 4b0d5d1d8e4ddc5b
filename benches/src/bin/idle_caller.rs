//! Records one event every 20 us on an otherwise idle system, between two system calls that a tracer finds again:
//! `.ci/check_idle_caller` shows that there is none between them.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use starpunk_metrics::{Config, Metrics, track_business};

const EVENTS: u32 = 5_000;
const EVERY: Duration = Duration::from_micros(20);

#[track_business("idle")]
fn event(value: u32) -> u32 {
    black_box(value)
}

fn main() {
    let metrics = Metrics::start(Config::default().test_mode(true)).expect("nothing was started");
    // The first events of a thread make its batch and its place with the collector, and the first batches of a process
    // are new: memory that is asked for once.
    for _ in 0..10 {
        (0..10_000).for_each(|value| {
            event(value);
        });
        metrics.flush();
    }
    // The standard library finds out at its first call which system calls there are.
    let _ = Path::new("/").exists();
    let _ = Path::new("/starpunk-idle-begin").exists();
    let mut due = Instant::now();
    for value in 0..EVENTS {
        due += EVERY;
        while Instant::now() < due {
            std::hint::spin_loop();
        }
        event(value);
    }
    let _ = Path::new("/starpunk-idle-end").exists();
    println!("{}", metrics.shutdown(Duration::from_secs(5)));
}
