//! Sends many requests of every kind to a measured App, and checks that the numbers add up.
//!
//! `cargo run -p starpunk-metrics-tests --bin soak -- [REQUESTS] [SEED]`; without a seed it takes one, and prints it.

use std::env;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use starpunk_metrics_tests::soak::{self, Plan};

const REQUESTS: u64 = 200_000;

const CLIENTS: u64 = 64;

/// It grows by less than 1 MiB, and no more with more requests. What is lost of each request in the second half of
/// [`REQUESTS`] may be 42 bytes.
const GROWTH_LIMIT_BYTES: u64 = 4 << 20;

fn main() -> ExitCode {
    let mut numbers = Vec::new();
    for argument in env::args().skip(1) {
        match argument.parse() {
            Ok(number) => numbers.push(number),
            Err(error) => {
                eprintln!("soak [REQUESTS] [SEED]: {argument}: {error}");
                return ExitCode::from(2);
            }
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(1, |now| u64::from(now.subsec_nanos()));
    let plan = Plan {
        requests: numbers.first().copied().unwrap_or(REQUESTS),
        clients: CLIENTS,
        seed: numbers.get(1).copied().unwrap_or(now),
        growth_limit_bytes: Some(GROWTH_LIMIT_BYTES),
    };
    // Before anything can go wrong.
    println!("{} requests, seed {}", plan.requests, plan.seed);
    let report = soak::run(plan);
    println!("{report}");
    let differences = report.differences();
    for difference in &differences {
        eprintln!("does not add up: {difference}");
    }
    if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
