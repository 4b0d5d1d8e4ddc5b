//! 10 to 100,000 different keys: what each costs, what is held of them, and where they begin to share a place.

use std::fmt::Write;
use std::hint::black_box;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::rt::Runtime;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, Error, HttpResponse, web};
use benches::measure::Time;
use benches::memory::{Memory, mebibytes};
use benches::{Contender, Plan, batch, measure, table};
use rusqlite::Connection;
use starpunk_metrics::{Config, HttpMetrics, Metrics, sqlite};

const KEYS: [u32; 5] = [10, 100, 1_000, 10_000, 100_000];

/// Routes are the application's own, and of those nobody writes more.
const ROUTES: [u32; 4] = [10, 100, 1_000, 10_000];

/// actix compares a path with one route after the other, so an application of many has them in scopes.
const IN_A_SCOPE: u32 = 50;

const BARE: &str = "bare";
const OURS: &str = "ours";

type Line = [String; 7];

/// Prints the table.
pub(crate) fn compare() {
    let head = [
        "keys",
        "bare, ns",
        "ours, ns",
        "above, caller",
        "above, processor",
        "kept apart",
        "grown, MiB",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    for keys in KEYS {
        lines.push(statements(keys));
    }
    let runtime = Runtime::new().expect("a runtime can be made");
    for keys in KEYS {
        let site = Site {
            what: format!("{keys} ids in the paths of a route"),
            routes: 1,
            keys,
        };
        lines.push(site.compare(&runtime, |key| format!("/s0/r0/{key}")));
    }
    for keys in KEYS {
        let site = Site {
            what: format!("{keys} paths of no route"),
            routes: 1,
            keys,
        };
        lines.push(site.compare(&runtime, |key| format!("/none/{key}")));
    }
    for routes in ROUTES {
        let site = Site {
            what: format!("{routes} routes"),
            routes,
            keys: routes,
        };
        lines.push(site.compare(&runtime, |key| format!("/s{}/r{key}/1", key / IN_A_SCOPE)));
    }
    let note = "ns of one statement or request, each with another key: median of the rounds (fastest .. 90th percentile), and \
                what is above bare; how many shapes or routes the snapshot tells apart in the end, the shared ones \
                included; and how much more the process has grown in the first round of ours than in that of bare.";
    table::print("scale: distinct keys", note, &lines);
}

/// All keys in each round, and enough times to be told.
fn plan(keys: u32) -> Plan {
    Plan::new(if keys >= 10_000 { 3 } else { 11 }, keys.max(5_000))
}

fn line(
    what: &str,
    plan: Plan,
    mut contenders: Vec<Contender<'_>>,
    metrics: &Metrics,
    kept: impl Fn() -> usize,
) -> Line {
    // Once by each outside of the rounds: what both take is not ours.
    let [bare, ours] = std::array::from_fn(|number| {
        let before = Memory::own().resident_bytes as f64;
        contenders[number].run(plan.times());
        metrics.flush();
        Memory::own().resident_bytes as f64 - before
    });
    let measured = measure(plan, contenders, || {
        metrics.flush();
    });
    let grown = ours - bare;
    let above = |time| format!("{:+.0}", measured.above(OURS, BARE, time).median);
    [
        what.to_owned(),
        measured.spread(BARE, Time::Caller).to_string(),
        measured.spread(OURS, Time::Caller).to_string(),
        above(Time::Caller),
        above(Time::Processor),
        kept().to_string(),
        format!("{:+.1}", mebibytes(grown)),
    ]
}

fn pipeline() -> Metrics {
    Metrics::scoped(Config::default().test_mode(true)).expect("its thread can be started")
}

/// Each key is another statement, as of who writes values or names into the text; none of them is in SQLite's cache.
fn statements(keys: u32) -> Line {
    let metrics = pipeline();
    let _entered = metrics.enter();
    let bare = database();
    let mut ours = database();
    sqlite::instrument(&mut ours).expect("it takes a hook");
    let each = |connection| {
        let mut sql = String::new();
        move |times: u32| {
            for key in (0..keys).cycle().take(times as usize) {
                sql.clear();
                write!(sql, "SELECT id AS column_{key} FROM notes WHERE id = ?1")
                    .expect("a text can be written to");
                select(connection, &sql);
            }
        }
    };
    let contenders = vec![batch(BARE, each(&bare)), batch(OURS, each(&ours))];
    let what = format!("{keys} shapes of statement");
    line(&what, plan(keys), contenders, &metrics, || {
        metrics.snapshot().statements().len()
    })
}

fn database() -> Connection {
    let connection = Connection::open_in_memory().expect("memory is there");
    connection
        .execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (1)")
        .expect("this is SQL");
    connection
}

fn select(connection: &Connection, sql: &str) {
    let id = connection
        .prepare(sql)
        .and_then(|mut statement| statement.query_row([1], |row| row.get::<_, i64>(0)));
    black_box(id.expect("the note is there"));
}

async fn page(_id: web::Path<String>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// An application, and how many different requests it is sent.
struct Site {
    what: String,
    routes: u32,
    keys: u32,
}

impl Site {
    fn compare(&self, runtime: &Runtime, path: impl Fn(u32) -> String + Copy) -> Line {
        let keys = self.keys;
        let metrics = pipeline();
        let middleware = {
            let _entered = metrics.enter();
            HttpMetrics::new()
        };
        let bare = App::new().configure(|config| self.routes(config));
        let bare = runtime.block_on(init_service(bare));
        let ours = App::new().configure(|config| self.routes(config));
        let ours = runtime.block_on(init_service(ours.wrap(middleware)));
        let contenders = vec![
            batch(BARE, |times| {
                runtime.block_on(ask(&bare, path, keys, times))
            }),
            batch(OURS, |times| {
                runtime.block_on(ask(&ours, path, keys, times))
            }),
        ];
        line(&self.what, plan(keys), contenders, &metrics, || {
            metrics.snapshot().routes.len()
        })
    }

    fn routes(&self, config: &mut web::ServiceConfig) {
        let numbers: Vec<u32> = (0..self.routes).collect();
        for scope in numbers.chunks(IN_A_SCOPE as usize) {
            let path = format!("/s{}", scope[0] / IN_A_SCOPE);
            config.service(scope.iter().fold(web::scope(&path), |scope, route| {
                scope.route(&format!("/r{route}/{{id}}"), web::get().to(page))
            }));
        }
    }
}

async fn ask<S, B>(service: &S, path: impl Fn(u32) -> String, keys: u32, times: u32)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    for key in (0..keys).cycle().take(times as usize) {
        let request = TestRequest::get().uri(&path(key)).to_request();
        black_box(call_service(service, request).await.status());
    }
}
