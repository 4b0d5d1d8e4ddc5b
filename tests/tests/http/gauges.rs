//! The requests in flight, altogether and of each route: while they wait, while they are sent, and none after every end.

use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, guard, web};
use futures_util::{StreamExt, stream};
use starpunk_metrics::{HttpMetrics, Metrics, RequestContext};
use starpunk_metrics_tests::gate::Gate;
use starpunk_metrics_tests::site::{Site, read_all, read_until, reset};
use starpunk_metrics_tests::{serve, snapshot_when};

use crate::measured;

async fn held(gate: web::Data<Gate>, id: web::Path<String>) -> HttpResponse {
    gate.pass().await;
    match id.as_str() {
        "panic" => panic!("on purpose"),
        "fail" => HttpResponse::BadGateway().finish(),
        _ => HttpResponse::Ok().body("done"),
    }
}

async fn held_body(gate: web::Data<Gate>, id: web::Path<String>) -> HttpResponse {
    let first = stream::iter([Ok(Bytes::from_static(b"first"))]);
    let rest = stream::once(async move {
        gate.pass().await;
        match id.as_str() {
            "panic" => panic!("on purpose"),
            "fail" => Err(std::io::Error::other("on purpose")),
            _ => Ok(Bytes::from_static(b"second")),
        }
    });
    HttpResponse::Ok().streaming(first.chain(rest).map(|chunk| chunk.map_err(Error::from)))
}

fn site(http: HttpMetrics, gate: &Gate) -> Site {
    let gate = gate.clone();
    serve!(
        App::new()
            .app_data(web::Data::new(gate.clone()))
            .service(
                web::resource("/held/{id}")
                    .guard(guard::Get())
                    .route(web::get().to(held))
            )
            .route("/body/{id}", web::get().to(held_body))
            .service(web::resource("/held/{name}").route(web::post().to(held)))
            .wrap(http.clone())
    )
}

/// How many are under way, altogether and of this route.
fn in_flight(metrics: &Metrics, method: &str, pattern: &str) -> (u64, u64) {
    let snapshot = metrics.snapshot();
    let route = snapshot.route(method, pattern);
    (
        snapshot.requests_in_flight,
        route.map_or(0, |route| route.in_flight),
    )
}

#[test]
fn requests_that_wait_are_in_flight_on_their_routes() {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let site = site(http, &gate);
    let mut waiting: Vec<_> = (0..3).map(|id| site.ask(&format!("/held/{id}"))).collect();
    let mut sent = site.ask("/body/1");
    read_until(&mut sent, b"first\r\n");
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 4);
    // Of the last one the head is out, of the others nothing is.
    assert_eq!(in_flight(&metrics, "GET", "/held/{id}"), (4, 3));
    assert_eq!(in_flight(&metrics, "GET", "/body/{id}"), (4, 1));
    let taken = metrics.snapshot();
    assert_eq!(taken.stats.total_count, 0);
    assert_eq!(taken.route("GET", "/held/{id}").unwrap().tally.count(), 0);
    gate.open();
    for stream in &mut waiting {
        read_until(stream, b"done");
    }
    read_until(&mut sent, b"0\r\n\r\n");
    assert_eq!(in_flight(&metrics, "GET", "/held/{id}"), (0, 0));
    assert_eq!(in_flight(&metrics, "GET", "/body/{id}"), (0, 0));
    assert_eq!(metrics.stats().total_count, 4);
}

#[test]
fn none_is_in_flight_after_any_end() {
    for catch in [true, false] {
        let (metrics, http) = measured();
        let gate = Gate::default();
        let site = site(http.catch_panics(catch), &gate);
        let mut streams = Vec::new();
        for path in ["/held", "/body"] {
            for id in ["ok", "fail", "panic"] {
                streams.push(site.ask(&format!("{path}/{id}")));
            }
        }
        let full = snapshot_when(&metrics, |snapshot| {
            let routes = snapshot.routes.iter();
            routes.map(|route| route.in_flight).sum::<u64>() == 6
        });
        assert_eq!(full.requests_in_flight, 6);
        gate.open();
        snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
        for pattern in ["/held/{id}", "/body/{id}"] {
            assert_eq!(in_flight(&metrics, "GET", pattern), (0, 0));
            let snapshot = metrics.snapshot();
            assert_eq!(snapshot.route("GET", pattern).unwrap().outcomes.len(), 3);
        }
        assert_eq!(metrics.stats().total_count, 6);
    }
}

#[test]
fn none_is_in_flight_after_its_client_left() {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let site = site(http, &gate);
    let mut stream = site.ask("/body/1");
    // The rest of what came is not read, which makes closing a reset.
    read_until(&mut stream, b"\r\n\r\n");
    assert_eq!(in_flight(&metrics, "GET", "/body/{id}"), (1, 1));
    reset(stream);
    snapshot_when(&metrics, |snapshot| snapshot.requests_in_flight == 0);
    assert_eq!(in_flight(&metrics, "GET", "/body/{id}"), (0, 0));
}

/// The path alone says the first of the two resources; the method decides for the other.
#[test]
fn a_request_that_was_in_flight_on_the_wrong_route_is_so_on_none_in_the_end() {
    let (metrics, http) = measured();
    let gate = Gate::default();
    let site = site(http, &gate);
    let mut stream = site.send(
        "POST /held/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    snapshot_when(&metrics, |snapshot| {
        let mut routes = snapshot.routes.iter();
        routes.any(|route| route.method == "POST" && route.in_flight == 1)
    });
    gate.open();
    read_all(&mut stream);
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.requests_in_flight, 0);
    assert!(snapshot.routes.iter().all(|route| route.in_flight == 0));
    let answered = snapshot.route("POST", "/held/{name}").unwrap();
    assert_eq!(answered.tally.count(), 1);
}

/// Waits, so that it is in flight on its route, and is left out while its body is sent.
async fn left_out_by_its_body() -> HttpResponse {
    actix_web::rt::task::yield_now().await;
    let first = stream::once(async {
        RequestContext::current().exclude();
        Ok::<_, Error>(Bytes::from_static(b"first"))
    });
    HttpResponse::Ok().streaming(first.chain(stream::pending()))
}

#[test]
fn a_request_that_its_body_leaves_out_is_in_flight_nowhere() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/feed", web::get().to(left_out_by_its_body))
            .wrap(http.clone())
    );
    let mut stream = site.ask("/feed");
    read_until(&mut stream, b"first\r\n");
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.requests_in_flight, 0);
    let mut routes = snapshot.routes.iter();
    assert!(
        routes.all(|route| route.in_flight == 0),
        "{:#?}",
        snapshot.routes
    );
}
