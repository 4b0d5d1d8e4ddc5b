//! What recording adds to a statement.

mod database;
mod request;

use std::time::Duration;

use actix_web::rt::Runtime;
use benches::measure::{Measured, Time};
use benches::statement::{database, uncached_select, uncached_select_by_ours};
use benches::{Above, Contender, Goal, Plan, Reach, Table, contender, measure};
use rusqlite::Connection;
use starpunk_metrics::{Config, Metrics, MonitoredConnection, monitored_query};

use crate::database::{
    Cached, Inserts, called, file, hooked, monitored, point_select, scan, search, update,
};
use crate::request::in_requests;

const BARE: &str = "bare";
const CALLED: &str = "a hook that does nothing";
const HOOK: &str = "hook";
const MONITORED: &str = "MonitoredConnection";

/// As many as a page may well ask, and from the fifth on a finding.
const IN_A_REQUEST: u32 = 20;

/// Rows that are inserted in each transaction.
const IN_A_TRANSACTION: u32 = 100;

/// The same on four connections.
struct Four {
    bare: Connection,
    called: Connection,
    hooked: Connection,
    monitored: MonitoredConnection,
}

impl Four {
    fn of(open: impl Fn(&str) -> Connection) -> Self {
        Self {
            bare: open("bare"),
            called: called(open("called")),
            hooked: hooked(open("hooked")),
            monitored: monitored(open("monitored")),
        }
    }

    fn contenders<'a>(
        &'a self,
        plain: impl Fn(&Connection) + Copy + 'a,
        with_ours: impl Fn(&MonitoredConnection) + 'a,
    ) -> Vec<Contender<'a>> {
        vec![
            contender(BARE, move || plain(&self.bare)),
            contender(CALLED, move || plain(&self.called)),
            contender(HOOK, move || plain(&self.hooked)),
            contender(MONITORED, move || with_ours(&self.monitored)),
        ]
    }
}

fn inserts<'a>(four: Four) -> Vec<Contender<'a>> {
    let bare = Inserts::new(four.bare, IN_A_TRANSACTION);
    let called = Inserts::new(four.called, IN_A_TRANSACTION);
    let hooked = Inserts::new(four.hooked, IN_A_TRANSACTION);
    let monitored = Inserts::new(four.monitored, IN_A_TRANSACTION);
    vec![
        contender(BARE, move || bare.insert()),
        contender(CALLED, move || called.insert()),
        contender(HOOK, move || hooked.insert()),
        contender(MONITORED, move || monitored.insert()),
    ]
}

#[monitored_query]
fn point_select_by_a_function(connection: &impl Cached) {
    point_select(connection);
}

#[monitored_query]
fn search_by_a_function(connection: &impl Cached) {
    search(connection);
}

/// Prints a table of what is compared with the bare statement.
fn compare(
    title: &str,
    plan: Plan,
    contenders: Vec<Contender<'_>>,
    settle: impl FnMut(),
) -> Measured {
    let measured = measure(plan, contenders, settle);
    Table {
        title,
        unit: "ns a statement",
        measured: &measured,
        above: Above::of(BARE),
    }
    .print();
    measured
}

fn main() {
    let metrics = Metrics::start(Config::default().test_mode(true)).expect("nothing was started");
    let settle = || {
        metrics.flush();
    };
    let four = Four::of(|_| database());
    let in_memory = compare(
        "statement: cached point SELECT in memory",
        Plan::new(81, 5_000),
        four.contenders(point_select, point_select),
        settle,
    );
    compare(
        "statement: uncached point SELECT in memory",
        Plan::new(41, 2_000),
        four.contenders(uncached_select, uncached_select_by_ours),
        settle,
    );
    compare(
        "statement: scan of 1000 rows in memory",
        Plan::new(41, 50),
        four.contenders(scan, scan),
        settle,
    );

    let folder = tempfile::tempdir().expect("there is room");
    let on_disk = |synchronous| {
        let folder = folder.path();
        Four::of(move |name| file(folder, name, synchronous))
    };
    let four = on_disk("NORMAL");
    let mut goals = vec![point(&in_memory)];
    let title = "statement: cached point SELECT in a file";
    let plan = Plan::new(81, 1_000);
    let contenders = four.contenders(point_select, point_select);
    goals.push(disk(title, &compare(title, plan, contenders, settle)));
    let title = "statement: UPDATE in a file, each a transaction";
    let plan = Plan::new(61, 200);
    let contenders = four.contenders(update, update);
    goals.push(disk(title, &compare(title, plan, contenders, settle)));
    // Here the disk is waited for: by each.
    let title = "statement: UPDATE in a file, each a transaction, synchronous=FULL";
    let plan = Plan::new(41, 20);
    let synchronous = on_disk("FULL");
    let contenders = synchronous.contenders(update, update);
    goals.push(disk(title, &compare(title, plan, contenders, settle)));
    let title = "statement: INSERT in a file, 100 in a transaction";
    let plan = Plan::new(41, 10 * IN_A_TRANSACTION);
    let contenders = inserts(four);
    goals.push(disk(title, &compare(title, plan, contenders, settle)));
    // Here it is waited for too, once for a hundred.
    let title = "statement: INSERT in a file, 100 in a transaction, synchronous=FULL";
    let contenders = inserts(synchronous);
    goals.push(disk(title, &compare(title, plan, contenders, settle)));

    in_a_request(&metrics);
    Reach {
        level: "statement",
        goals,
    }
    .print();
    println!("\n{}", metrics.shutdown(Duration::from_secs(5)));
}

/// With everything on.
fn in_a_request(metrics: &Metrics) {
    let runtime = Runtime::new().expect("a runtime can be made");
    let settle = || {
        metrics.flush();
    };
    let each = |name, statements, work: Box<dyn Fn()>| {
        in_requests(name, &runtime, metrics, statements, work)
    };
    let four = Four::of(|_| database());
    let (bare, hooked, monitored) = (four.bare, four.hooked, four.monitored);
    let all = Four::of(|_| database()).monitored;
    compare(
        "statement: 20 cached point SELECTs in a request, all findings on",
        Plan::new(41, 100 * IN_A_REQUEST),
        vec![
            each(BARE, IN_A_REQUEST, Box::new(move || point_select(&bare))),
            each(HOOK, IN_A_REQUEST, Box::new(move || point_select(&hooked))),
            each(
                MONITORED,
                IN_A_REQUEST,
                Box::new(move || point_select(&monitored)),
            ),
            each(
                "MonitoredConnection in #[monitored_query]",
                IN_A_REQUEST,
                Box::new(move || point_select_by_a_function(&all)),
            ),
        ],
        settle,
    );
    let four = Four::of(|_| database());
    let (bare, hooked, monitored) = (four.bare, four.hooked, four.monitored);
    let all = Four::of(|_| database()).monitored;
    compare(
        "statement: one that lacks an index in a request, all findings on",
        Plan::new(21, 100),
        vec![
            each(BARE, 1, Box::new(move || search(&bare))),
            each(HOOK, 1, Box::new(move || search(&hooked))),
            each(MONITORED, 1, Box::new(move || search(&monitored))),
            each(
                "MonitoredConnection in #[monitored_query]",
                1,
                Box::new(move || search_by_a_function(&all)),
            ),
        ],
        settle,
    );
}

fn point(measured: &Measured) -> Goal {
    let above = measured.above(HOOK, BARE, Time::Caller).median;
    let processor = measured.above(HOOK, BARE, Time::Processor).median;
    let nothing = measured.above(CALLED, BARE, Time::Caller).median;
    Goal::new(
        "hook per cached point SELECT in memory",
        "150 ns",
        format_args!(
            "{above:.0} ns of the caller's time, {processor:.0} of the processor's; a hook that does nothing {nothing:.0}"
        ),
        above <= 150.0,
    )
}

fn disk(title: &str, measured: &Measured) -> Goal {
    let ratio = measured.ratio(HOOK, BARE, Time::Caller);
    Goal::new(
        title,
        "2% by the hook",
        format_args!(
            "{:+.1}% (fastest to 90th percentile {:+.1} .. {:+.1}%)",
            100.0 * (ratio.median - 1.0),
            100.0 * (ratio.fastest - 1.0),
            100.0 * (ratio.percentile_90 - 1.0)
        ),
        ratio.median <= 1.02,
    )
}
