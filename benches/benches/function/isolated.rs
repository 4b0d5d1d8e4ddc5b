//! One event every 20 us, as a quiet application has them: what a tight loop keeps warm is further away, and what would
//! be asked of the system for each shows.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use benches::order::Orders;
use benches::{Goal, Plan, Spread, table};
use quanta::Clock;

use crate::ours::{BARE, LIMIT, PLAIN, bare, limit, plain};

const FIGURE: &str = "isolated event (one per 20 us)";
const EVERY: Duration = Duration::from_micros(20);
const GOAL: f64 = 2.0;

/// A way of doing it once.
type Once<'a> = Box<dyn FnMut() + 'a>;

/// Measures each event by itself, prints the table, and returns what it says of the goals.
pub(crate) fn compare(clock: &Clock, mut settle: impl FnMut()) -> [Goal; 2] {
    let mut contenders: [(&str, Once<'_>); 3] = [
        (
            BARE,
            Box::new(|| {
                bare(1);
            }),
        ),
        (
            LIMIT,
            Box::new(|| {
                limit(clock, 1);
            }),
        ),
        (
            PLAIN,
            Box::new(|| {
                plain(1);
            }),
        ),
    ];
    let plan = Plan::new(21, 1_000);
    let mut medians = [const { Vec::new() }; 3];
    let mut orders = Orders::of(contenders.len());
    for _ in 0..plan.rounds() {
        for turn in orders.shuffled() {
            settle();
            let nanos = events(clock, plan.times(), &mut contenders[turn].1);
            medians[turn].push(Spread::of(nanos).median);
        }
    }
    let [_, limit_above, ours_above] = [0, 1, 2].map(|number| {
        let pairs = medians[number].iter().zip(&medians[0]);
        Spread::of(pairs.map(|(one, bare)| one - bare)).median
    });
    let ratio = ours_above / limit_above;
    let mut lines = vec![["", "caller", "above", "times the limit"].map(str::to_owned)];
    for (number, (name, _)) in contenders.iter().enumerate() {
        let pairs = medians[number].iter().zip(&medians[0]);
        let above = Spread::of(pairs.map(|(one, bare)| one - bare)).median;
        lines.push([
            (*name).to_owned(),
            Spread::of(medians[number].iter().copied()).to_string(),
            format!("{above:+.1}"),
            format!("{:.2}", above / limit_above),
        ]);
    }
    let note = format!(
        "ns an event: median (fastest .. 90th percentile) of the medians of {} rounds of {}; each event is measured by \
         itself, two clock reads included; above \"{BARE}\", and the ratio is of what is above it.",
        plan.rounds(),
        plan.times()
    );
    table::print("function: one event every 20 us", &note, &lines);
    [
        Goal::new(
            FIGURE,
            &format!("{GOAL} x the limit"),
            format_args!(
                "{ratio:.2} x ({ours_above:.1} ns above bare, the limit {limit_above:.1})"
            ),
            ratio <= GOAL,
        ),
        system_calls(),
    ]
}

fn events(clock: &Clock, times: u32, once: &mut Once<'_>) -> Vec<f64> {
    let mut due = Instant::now();
    (0..times)
        .map(|_| {
            due += EVERY;
            while Instant::now() < due {
                std::hint::spin_loop();
            }
            let start = clock.raw();
            once();
            let end = clock.raw();
            clock.delta_as_nanos(start, end) as f64
        })
        .collect()
}

/// Traces a program that does the same, and counts what its first thread asks of the system.
fn system_calls() -> Goal {
    let goal = "no system call on the caller";
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/check_idle_caller");
    let program = env!("CARGO_BIN_EXE_idle_caller");
    let traced = Command::new("strace").arg("-V").output();
    if !traced.is_ok_and(|traced| traced.status.success()) {
        return Goal::unmeasured(FIGURE, goal, "strace is not installed");
    }
    match Command::new(check).arg(program).output() {
        Ok(checked) => {
            let said = String::from_utf8_lossy(&checked.stdout);
            let verdict = said.lines().last().unwrap_or("the check failed");
            Goal::new(FIGURE, goal, verdict, checked.status.success())
        }
        Err(error) => Goal::unmeasured(FIGURE, goal, error),
    }
}
