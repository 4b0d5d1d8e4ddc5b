//! The blog's pages, asked of servers that measure and of some that do not, in turn.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use benches::measure::{Measured, Time};
use benches::memory::mebibytes;
use benches::order::Orders;
use benches::{Above, Goal, Plan, Spread, Table, table};
use serde_json::Value;

use crate::client::{CONNECTIONS, Client};
use crate::server::{self, Server};

const OFF: &str = "METRICS_ENABLED=false";
const ON: &str = "everything on";
/// What differs between two processes that do the same.
const CONTROL: &str = "METRICS_ENABLED=false, another process";
const SERVERS: [(&str, bool); 3] = [(OFF, false), (ON, true), (CONTROL, false)];

/// Where the code and the heap of a process lie is drawn once for its life, and may be worth a percent: the rounds are those
/// of several.
const PROCESSES: usize = 5;

/// Until the collector has come round.
const SETTLE: Duration = Duration::from_millis(250);

/// The microseconds of a request in each round, by server: the client's, and the server's processor's.
type Rounds = [(Vec<f64>, Vec<f64>); 3];

/// Measures the pages, prints a table of each and of all together, and returns what they say of the goal.
pub(crate) fn compare(folder: &Path) -> Goal {
    let program = server::build();
    let plan = Plan::new(8, 100);
    let mut pages: Vec<(&str, Rounds)> = ["front page", "note", "search", "feed"]
        .map(|page| (page, Rounds::default()))
        .into();
    let mut resident = [const { (Vec::new(), Vec::new()) }; 3];
    for process in 0..processes(plan) {
        let mut site = Site::start(&program, folder, process);
        let paths = paths(&mut site.clients[0]);
        for path in &paths {
            site.round(path, plan.times());
        }
        for _ in 0..plan.rounds() {
            for (path, (_, rounds)) in paths.iter().zip(&mut pages) {
                for (rounds, (client, server)) in
                    rounds.iter_mut().zip(site.round(path, plan.times()))
                {
                    rounds.0.push(client);
                    rounds.1.push(server);
                }
            }
        }
        for (server, (now, peak)) in site.servers.iter().zip(&mut resident) {
            let memory = server.memory();
            now.push(memory.resident_bytes as f64);
            peak.push(memory.peak_bytes as f64);
        }
    }
    let all = print("all four pages", plan, mean(&pages));
    let each = pages.into_iter().map(|(page, rounds)| {
        let measured = print(&format!("the blog's {page}"), plan, rounds);
        let share = measured.ratio(OFF, ON, Time::Processor).median;
        format!("{page} {:.1}%", 100.0 * share)
    });
    let each = each.collect::<Vec<_>>().join(", ");
    print_resident(&resident);
    goal(&all, &each)
}

fn processes(plan: Plan) -> usize {
    PROCESSES.min(plan.rounds())
}

/// The servers of one choice of processes, and a client for each.
struct Site {
    servers: [Server; 3],
    clients: [Client; 3],
    orders: Orders,
}

impl Site {
    fn start(program: &Path, folder: &Path, process: usize) -> Self {
        let mut number = 0;
        let servers = SERVERS.map(|(_, enabled)| {
            number += 1;
            Server::start(program, folder, &format!("{process}-{number}"), enabled)
        });
        let clients = servers
            .each_ref()
            .map(|server| Client::connect(server.address).expect("it listens"));
        Self {
            servers,
            clients,
            orders: Orders::of(SERVERS.len()),
        }
    }

    /// Asks all servers in turn, a few requests at a time, so that whatever else the machine does is the same for all; and
    /// returns the microseconds of a request of each, of its client and of its own processor.
    fn round(&mut self, path: &str, waves: u32) -> [(f64, f64); 3] {
        let before = self.servers.each_ref().map(Server::processor);
        let mut waited = [Duration::ZERO; 3];
        for _ in 0..waves {
            for turn in self.orders.shuffled() {
                let start = Instant::now();
                self.clients[turn].wave(path).expect("it answers");
                waited[turn] += start.elapsed();
            }
        }
        thread::sleep(SETTLE);
        let requests = f64::from(waves) * CONNECTIONS as f64;
        let micros = |time: Duration| time.as_nanos() as f64 / 1_000.0 / requests;
        std::array::from_fn(|number| {
            let took = self.servers[number].processor() - before[number];
            (micros(waited[number]), micros(took))
        })
    }
}

/// The front page, one note, a search that finds some, and a feed.
fn paths(client: &mut Client) -> [String; 4] {
    let notes = client.get("/api/notes").expect("it answers");
    let notes: Value = serde_json::from_str(&notes).expect("this is JSON");
    let notes = notes["notes"].as_array().or(notes.as_array());
    let note = notes.and_then(|notes| notes.first()).expect("it has notes");
    let text = |name: &str| note[name].as_str().expect("a note has it");
    let word = text("title")
        .split(|c: char| !c.is_ascii_alphabetic())
        .max_by_key(|word| word.len());
    let word = word.expect("a title has a word");
    [
        "/".to_owned(),
        format!("/notes/{}", text("slug")),
        format!("/search?q={word}"),
        "/feed.rss".to_owned(),
    ]
}

fn mean(pages: &[(&str, Rounds)]) -> Rounds {
    let add = |into: &mut Vec<f64>, from: &[f64]| {
        into.resize(from.len(), 0.0);
        for (mean, one) in into.iter_mut().zip(from) {
            *mean += one / pages.len() as f64;
        }
    };
    let mut all = Rounds::default();
    for (_, rounds) in pages {
        for (mean, one) in all.iter_mut().zip(rounds) {
            add(&mut mean.0, &one.0);
            add(&mut mean.1, &one.1);
        }
    }
    all
}

fn measured(plan: Plan, rounds: Rounds) -> Measured {
    let note = format!(
        "{} rounds of {}, {} of them of one process",
        rounds[0].0.len(),
        plan.times() as usize * CONNECTIONS,
        plan.rounds()
    );
    let named = SERVERS.into_iter().zip(rounds);
    let named = named.map(|((name, _), (client, server))| (name.to_owned(), client, server));
    Measured::from_rounds(note, named.collect())
}

/// A page's table: the time of the client, and the processor's of the server's process.
fn print(page: &str, plan: Plan, rounds: Rounds) -> Measured {
    let measured = measured(plan, rounds);
    Table {
        title: &format!("whole: {page}, over loopback"),
        unit: "us a request, \"caller\" the client and \"processor\" the server's process alone",
        measured: &measured,
        above: Above::of(OFF),
    }
    .print();
    measured
}

fn print_resident(resident: &[(Vec<f64>, Vec<f64>); 3]) {
    let mut lines = vec![["", "resident", "peak"].map(str::to_owned)];
    for ((name, _), (now, peak)) in SERVERS.into_iter().zip(resident) {
        let median = |bytes: &[f64]| mebibytes(Spread::of(bytes.iter().copied()).median);
        lines.push([
            name.to_owned(),
            format!("{:.2}", median(now)),
            format!("{:.2}", median(peak)),
        ]);
    }
    table::print(
        "whole: the blog's memory after it",
        "MiB of the server's process (VmRSS, VmHWM): medians of the processes.",
        &lines,
    );
}

/// Requests a second of the server's processor, as a share of what they are with nothing measured.
fn goal(all: &Measured, each: &str) -> Goal {
    let share = all.ratio(OFF, ON, Time::Processor);
    let control = all.ratio(OFF, CONTROL, Time::Processor);
    Goal::new(
        "the blog's pages, requests per second per CPU second",
        "99% of disabled",
        format_args!(
            "{:.1}% ({:.1} .. {:.1}): {each}; two processes that do the same: {:.1}%",
            100.0 * share.median,
            100.0 * share.fastest,
            100.0 * share.percentile_90,
            100.0 * control.median
        ),
        share.median >= 0.99,
    )
}
