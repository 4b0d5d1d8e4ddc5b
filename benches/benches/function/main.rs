//! What an annotated function costs its caller, and the process, beside its peers.

mod isolated;
mod layer;
mod ours;
mod peers;

use std::time::Duration;

use benches::measure::{Measured, Pauses, Time, measure_with};
use benches::{Above, Goal, Plan, Reach, Table, measure};
use quanta::Clock;
use starpunk_metrics::{Config, Metrics};

use crate::ours::{BARE, LIMIT, PLAIN};
use crate::peers::{HOTPATH, Installed, PEERS};

/// Of a burst. The channel of ours holds more than that, so that nothing is dropped and each is paid in full.
const TIMES: u32 = 10_000;

fn main() {
    // A call that nothing measures first: with no pipeline started. Nothing else runs in the process yet.
    let off = measure(Plan::new(41, 1_000_000), ours::disabled(), || {});
    Table {
        title: "function: metrics off",
        unit: "ns a call",
        measured: &off,
        above: Above::of(BARE),
    }
    .print();

    let clock = Clock::new();
    let peers = Installed::new();
    let config = Config::default().test_mode(true);
    let metrics = Metrics::start(config).expect("nothing was started");

    let mut contenders = vec![ours::floor(), ours::the_limit(&clock)];
    contenders.extend(ours::attributes());
    contenders.extend(peers.contenders());
    let plan = Plan::new(31, TIMES).bursts(10);
    let pauses = Pauses {
        burst: || {
            metrics.flush();
            peers.pause();
        },
        turn: || {
            metrics.flush();
            peers.settle();
        },
    };
    let on = measure_with(plan, contenders, pauses);
    Table {
        title: "function: ours and the peers, one thread",
        unit: "ns a call",
        measured: &on,
        above: Above {
            floor: BARE,
            ratio_to: LIMIT,
        },
    }
    .print();

    let isolated = isolated::compare(&clock, || {
        metrics.flush();
    });
    let mut goals = vec![plain(&on), processor(&on), disabled(&off)];
    goals.splice(2..2, isolated);
    Reach {
        level: "function",
        goals,
    }
    .print();
    println!("\n{}", metrics.shutdown(Duration::from_secs(5)));
}

/// One thread, in a loop.
fn plain(on: &Measured) -> Goal {
    let ratio = on.ratio(PLAIN, LIMIT, Time::Caller).median;
    let ours = on.spread(PLAIN, Time::Caller).median;
    let (fastest, peer) = PEERS
        .map(|peer| (on.spread(peer, Time::Caller).median, peer))
        .into_iter()
        .min_by(|one, other| one.0.total_cmp(&other.0))
        .expect("there are peers");
    Goal::new(
        "`#[track_business]`, plain, one thread",
        "1.25 x the limit, and no slower than the fastest peer",
        format_args!("{ratio:.2} x; {ours:.1} ns, {peer} {fastest:.1}"),
        ratio <= 1.25 && ours <= fastest,
    )
}

fn processor(on: &Measured) -> Goal {
    let ours = on.above(PLAIN, BARE, Time::Processor).median;
    let hotpath = on.above(HOTPATH, BARE, Time::Processor).median;
    Goal::new(
        "process CPU per event, collector included",
        "60 ns where hotpath takes 70, and below it",
        format_args!(
            "{ours:.1} ns, hotpath {hotpath:.1}: {:.1} where it takes 70",
            ours / hotpath * 70.0
        ),
        ours <= hotpath * 60.0 / 70.0 && ours < hotpath,
    )
}

fn disabled(off: &Measured) -> Goal {
    let above = off.above(PLAIN, BARE, Time::Caller).median;
    Goal::new(
        "disabled",
        "2 ns",
        format_args!("{above:.2} ns above bare"),
        above <= 2.0,
    )
}
