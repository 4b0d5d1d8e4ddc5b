//! What becomes of it with many threads, keys, series and events, and with none.

mod idle;
mod keys;
mod rate;
mod series;
mod threads;

use benches::Reach;

fn main() {
    // First, while nothing else has run in the process.
    let idle = idle::measure();
    threads::compare();
    keys::compare();
    series::compare();
    let rate = rate::measure();
    Reach {
        level: "scale",
        goals: vec![idle, rate],
    }
    .print();
}
