//! How long a run is to be.

use std::env;
use std::time::Duration;

/// Tells whether this is a quick run, whose figures say little: `--quick`, or `BENCH_QUICK` set to anything.
pub fn quick() -> bool {
    env::args().any(|argument| argument == "--quick") || env::var_os("BENCH_QUICK").is_some()
}

/// So many times; few in a quick run.
pub(crate) fn rounds(times: usize) -> usize {
    if quick() { times.min(3) } else { times }
}

/// So many seconds, or as many as the variable says; a second in a quick run.
///
/// # Panics
///
/// Where the variable is no number.
pub fn seconds(variable: &str, default: u64) -> Duration {
    match env::var(variable) {
        Ok(said) => Duration::from_secs(said.parse().expect("the variable is whole seconds")),
        Err(_) if quick() => Duration::from_secs(1),
        Err(_) => Duration::from_secs(default),
    }
}
