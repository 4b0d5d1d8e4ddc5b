//! Takes one path again and again, for `.ci/check_instructions`, which counts what that takes: the instructions of the
//! caller below `measured`, and those of the other threads.

use std::env::args;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Uri;
use actix_web::rt::Runtime;
use actix_web::test::init_service;
use actix_web::{App, Error};
use benches::request::{answer, ours, request, routes};
use benches::statement::{
    database, point_select, point_update, selects_anew, uncached_select, uncached_select_by_ours,
};
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{Config, Metrics, monitored_query, track_business};

/// How often the path is taken in a round. The batches of so many events come back as spares, all of them: whether one is
/// made anew does not depend on when the collector came round.
const ROUND: u32 = 1_000;

#[inline(never)]
fn bare(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
async fn bare_async(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[track_business("business")]
fn business(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[track_business("business, async")]
async fn business_async(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[track_business("with two fields", fields(value = value, double = value * 2))]
fn business_fields(value: u64) -> u64 {
    black_box(value)
}

#[inline(never)]
#[monitored_query("query")]
fn query(value: u64) -> u64 {
    black_box(value)
}

type Path = Box<dyn FnMut()>;

fn path(name: &str, metrics: &Metrics) -> Path {
    let app = || App::new().configure(routes);
    let runtime = Runtime::new().expect("a runtime can be made");
    match name {
        "bare" => call(bare),
        "bare-async" => call(|value| ready(bare_async(value))),
        "business" | "business-off" => call(business),
        "business-async" => call(|value| ready(business_async(value))),
        "business-fields" => call(business_fields),
        "query" => call(query),
        "select-bare" => {
            let connection = database();
            Box::new(move || point_select(&connection))
        }
        "select" => {
            let connection = MonitoredConnection::new(database()).expect("the hook is installed");
            Box::new(move || point_select(&connection))
        }
        "select-anew-bare" => {
            let connection = database();
            Box::new(move || selects_anew(&connection))
        }
        "select-anew" => {
            let connection = MonitoredConnection::new(database()).expect("the hook is installed");
            Box::new(move || selects_anew(&connection))
        }
        // In one transaction, which is begun and never ended.
        "update-bare" => {
            let connection = database();
            connection.execute_batch("BEGIN").expect("none is open");
            Box::new(move || point_update(&connection))
        }
        "update" => {
            let connection = MonitoredConnection::new(database()).expect("the hook is installed");
            connection.execute_batch("BEGIN").expect("none is open");
            Box::new(move || point_update(&connection))
        }
        "uncached-bare" => {
            let connection = database();
            Box::new(move || uncached_select(&connection))
        }
        "uncached" | "uncached-off" => {
            let connection = MonitoredConnection::new(database()).expect("the hook is installed");
            Box::new(move || uncached_select_by_ours(&connection))
        }
        "request-bare" => ask(runtime.block_on(init_service(app()))),
        "request" | "request-off" => ask(runtime.block_on(init_service(app().wrap(ours(metrics))))),
        _ => panic!("there is no path {name}"),
    }
}

fn call(function: fn(u64) -> u64) -> Path {
    Box::new(move || {
        function(1);
    })
}

fn ask<S, B>(service: S) -> Path
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    let uri = Uri::from_static("/notes/42");
    Box::new(move || ready(answer(&service, request(uri.clone()))))
}

/// Without a runtime: nothing here waits.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// Its name is what `.ci/check_instructions` looks for.
#[inline(never)]
fn measured(path: &mut dyn FnMut()) {
    for _ in 0..ROUND {
        path();
    }
}

fn main() {
    let mut arguments = args().skip(1);
    let (Some(name), Some(rounds)) = (arguments.next(), arguments.next()) else {
        panic!("usage: paths <name> <rounds>");
    };
    let rounds: u32 = rounds.parse().expect("rounds are a number");
    let config = Config::default().test_mode(true);
    let metrics = Metrics::start(config.enabled(!name.ends_with("-off")));
    let metrics = metrics.expect("nothing was started");
    let mut path = path(&name, &metrics);
    // Who reads the clock first calibrates it, for as long as that takes.
    path();
    for _ in 0..rounds {
        measured(&mut *path);
        metrics.flush();
    }
}
