//! What measuring holds in memory: an application of 50 routes and 200 shapes of statement, asked until every buffer is full.
//!
//! Each time in a process of its own, which is this program again with a variable set.

use std::env;
use std::process::Command;

use actix_web::rt::Runtime;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use benches::memory::{Memory, mebibytes};
use benches::{Goal, Plan, Spread, table};
use starpunk_metrics::{Config, HttpMetrics, Metrics, MonitoredConnection, track_business};

const VARIABLE: &str = "BENCH_RESIDENT";
const ROUTES: u32 = 50;
const STATEMENTS: u32 = 4;

/// Each of the two buffers holds 1000 records, and 500 traces are kept.
const REQUESTS: u32 = 10_000;

const GOAL_MIB: f64 = 2.0;

/// Does what the parent asked for, if there is one, and says whether there was.
pub(crate) fn is_child() -> bool {
    let Ok(enabled) = env::var(VARIABLE) else {
        return false;
    };
    let memory = fill(enabled == "true");
    println!("{} {}", memory.resident_bytes, memory.peak_bytes);
    true
}

#[track_business("page_shown", fields(route = route, kind = "page"))]
fn shown(route: u32) -> u32 {
    route
}

async fn page(
    connection: web::Data<MonitoredConnection>,
    route: web::ReqData<u32>,
) -> HttpResponse {
    for statement in 0..STATEMENTS {
        let shape = *route * STATEMENTS + statement;
        let sql = format!("SELECT id AS column_{shape} FROM notes WHERE id = ?1");
        connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([1], |row| row.get::<_, i64>(0)))
            .expect("the note is there");
    }
    shown(*route);
    HttpResponse::Ok().finish()
}

fn fill(enabled: bool) -> Memory {
    let metrics = Metrics::start(Config::default().enabled(enabled)).expect("it is the first");
    let connection = MonitoredConnection::open_in_memory().expect("memory is there");
    connection
        .execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1)")
        .expect("this is SQL");
    connection.set_prepared_statement_cache_capacity((ROUTES * STATEMENTS) as usize);
    let connection = web::Data::new(connection);
    let runtime = Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        let mut app = App::new().app_data(connection);
        for route in 0..ROUTES {
            let path = format!("/section-{route}/{{id}}");
            app = app.route(&path, web::get().to(page));
        }
        let service = init_service(app.wrap(HttpMetrics::new())).await;
        for request in 0..REQUESTS {
            let route = request % ROUTES;
            let path = format!("/section-{route}/{request}");
            let request = TestRequest::get().uri(&path).to_request();
            actix_web::HttpMessage::extensions_mut(&request).insert(route);
            let response = call_service(&service, request).await;
            assert!(response.status().is_success());
        }
        metrics.flush();
    });
    let memory = Memory::own();
    if enabled {
        let snapshot = metrics.snapshot();
        assert_eq!(snapshot.routes.len(), ROUTES as usize);
        assert!(snapshot.statements().len() >= (ROUTES * STATEMENTS) as usize);
        assert_eq!(metrics.metrics().len(), 2_000, "both buffers are full");
    }
    memory
}

/// Measures it on and off in turn, prints the table and returns what it says of the goal.
pub(crate) fn compare() -> Goal {
    let rounds = Plan::new(7, 1).rounds();
    let mut measured = [const { (Vec::new(), Vec::new()) }; 2];
    for round in 0..rounds {
        // Every other round the other way round.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for turn in order {
            let (now, peak) = child(turn == 1);
            measured[turn].0.push(now);
            measured[turn].1.push(peak);
        }
    }
    let [off, on] = &measured;
    let above = |off: &[f64], on: &[f64]| {
        let pairs = on.iter().zip(off).map(|(on, off)| mebibytes(on - off));
        Spread::of(pairs)
    };
    let [now, peak] = [above(&off.0, &on.0), above(&off.1, &on.1)];
    let mut lines = vec![["", "resident", "peak"].map(str::to_owned)];
    for (name, (now, peak)) in [("METRICS_ENABLED=false", off), ("everything on", on)] {
        let spread = |bytes: &[f64]| Spread::of(bytes.iter().map(|bytes| mebibytes(*bytes)));
        lines.push([
            name.to_owned(),
            spread(now).to_string(),
            spread(peak).to_string(),
        ]);
    }
    let more = |above: &Spread| {
        format!(
            "{:+.2} ({:+.2} .. {:+.2})",
            above.median, above.fastest, above.percentile_90
        )
    };
    lines.push(["above".to_owned(), more(&now), more(&peak)]);
    let note = format!(
        "MiB (VmRSS, VmHWM): median (least .. 90th percentile) of {rounds} processes each, after {REQUESTS} requests with \
         {STATEMENTS} statements and a business event each."
    );
    table::print(
        "whole: memory of 50 routes and 200 shapes, buffers full",
        &note,
        &lines,
    );
    Goal::new(
        "resident memory, 50 routes and 200 shapes, full buffers",
        "+2 MiB",
        format_args!("{:+.2} MiB, at the peak {:+.2}", now.median, peak.median),
        now.median <= GOAL_MIB,
    )
}

fn child(enabled: bool) -> (f64, f64) {
    let program = env::current_exe().expect("this is it");
    let output = Command::new(program)
        .env(VARIABLE, enabled.to_string())
        .output()
        .expect("it runs again");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8_lossy(&output.stdout);
    let mut numbers = said
        .split_whitespace()
        .map(|number| number.parse::<f64>().expect("a number"));
    let mut next = || numbers.next().expect("there are two");
    (next(), next())
}
