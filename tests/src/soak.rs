//! A run of many requests of every kind against a real server, after which the numbers have to add up.
//!
//! Clients send, leave and reset at random, each by its own dice, so that a seed gives each the same errands again. A
//! middleware outside of ours counts what the App saw: that is what the records are compared with.

mod client;
mod dice;
mod errand;
mod memory;
mod report;
mod routes;
mod wire;

use std::collections::BTreeMap;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::App;
use actix_web::dev::Service;
use starpunk_metrics::{HttpMetrics, Metrics, Snapshot};

pub use report::Report;

use crate::serve;
use crate::site::Site;
use crate::soak::client::Client;
use crate::soak::dice::Dice;
use crate::soak::errand::Errand;
use crate::soak::memory::resident_bytes;
use crate::soak::routes::{ON_PURPOSE, routes};

/// How long the last requests may take to end after the server.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a run is to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Requests, at least; a client finishes its last errand.
    pub requests: u64,
    /// Clients, each with one connection at a time.
    pub clients: u64,
    /// The same seed gives each client the same errands.
    pub seed: u64,
    /// How far the process may grow in the second half; `None` where it does other things too.
    pub growth_limit_bytes: Option<u64>,
}

/// Runs it, in a pipeline of its own.
pub fn run(plan: Plan) -> Report {
    quiet_panics();
    let (metrics, http) = crate::measured(crate::config());
    let seen = Arc::new(AtomicU64::new(0));
    let site = serve(http, Arc::clone(&seen));
    let start = Instant::now();
    let client = |at| Client::new(site.address, Dice::new(plan.seed, at));
    let mut clients: Vec<Client> = (0..plan.clients).map(client).collect();
    let share = plan.requests.div_ceil(4 * plan.clients);
    let resident = [(); 4].map(|()| {
        thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(|| client.drive(share));
            }
        });
        metrics.flush();
        resident_bytes()
    });
    let elapsed = start.elapsed();
    for client in &mut clients {
        client.run(Errand::OutlivesServer);
    }
    drop(site);
    let sent = add_up(clients.iter().map(|client| &client.sent));
    let wrong = add_up(clients.iter().map(|client| &client.wrong));
    let (seen, snapshot) = at_the_end(&metrics, &seen);
    Report {
        plan,
        sent,
        seen,
        snapshot,
        resident,
        elapsed,
        wrong,
    }
}

fn serve(http: HttpMetrics, seen: Arc<AtomicU64>) -> Site {
    serve!(
        {
            let seen = Arc::clone(&seen);
            App::new()
                .configure(routes)
                .wrap(http.clone())
                // Registered last, so it is the outermost.
                .wrap_fn(move |request, service| {
                    // Relaxed: it is read when the workers are gone.
                    seen.fetch_add(1, Relaxed);
                    service.call(request)
                })
        },
        workers = 2
    )
}

fn add_up<'a, K: Clone + Ord + 'a>(
    counts: impl Iterator<Item = &'a BTreeMap<K, u64>>,
) -> BTreeMap<K, u64> {
    let mut sum = BTreeMap::new();
    for (key, count) in counts.flatten() {
        *sum.entry(key.clone()).or_default() += count;
    }
    sum
}

/// The workers end the requests of clients that are gone a little after the server says that it has stopped.
fn at_the_end(metrics: &Metrics, seen: &AtomicU64) -> (u64, Snapshot) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let snapshot = metrics.snapshot();
        let records: u64 = snapshot
            .routes
            .iter()
            .map(|route| route.tally.count())
            .sum();
        let seen = seen.load(Relaxed);
        let adds_up = snapshot.requests_in_flight == 0 && records == seen;
        if adds_up || Instant::now() >= deadline {
            return (seen, snapshot);
        }
        thread::yield_now();
    }
}

/// Leaves out the panics on purpose: there are thousands.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(ON_PURPOSE) {
                loud(panic);
            }
        }));
    });
}
