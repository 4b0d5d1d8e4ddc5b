//! `Server-Timing`: for those who ask for it, beside what the application says itself.

use actix_web::dev::Service;
use actix_web::error::ErrorForbidden;
use actix_web::{App, HttpResponse, web};
use starpunk_metrics::sqlite::MonitoredConnection;
use starpunk_metrics::{HttpMetrics, block};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::{Response, Site};

use crate::measured;

fn ask() {
    let connection = MonitoredConnection::open_in_memory().unwrap();
    connection.query_row("SELECT 1", [], |_| Ok(())).unwrap();
}

async fn queries(count: web::Path<u32>) -> HttpResponse {
    for _ in 0..*count {
        block(ask).await.unwrap();
    }
    HttpResponse::Ok().body("fine")
}

async fn panics() -> HttpResponse {
    ask();
    panic!("on purpose")
}

async fn own() -> HttpResponse {
    HttpResponse::Ok()
        .append_header(("Server-Timing", "cache;desc=\"hit\""))
        .append_header(("Server-Timing", "render;dur=1.5"))
        .finish()
}

fn site(http: HttpMetrics) -> Site {
    serve!(
        App::new()
            .route("/queries/{count}", web::get().to(queries))
            .route("/own", web::get().to(own))
            .route("/fail", web::get().to(HttpResponse::InternalServerError))
            .route("/panic", web::get().to(panics))
            .wrap_fn(|request, service| {
                let is_forbidden = request.path() == "/forbidden";
                let answered = service.call(request);
                async move {
                    if is_forbidden {
                        return Err(ErrorForbidden("not for you"));
                    }
                    answered.await
                }
            })
            .wrap(http.clone())
    )
}

fn all(response: &Response) -> Vec<&str> {
    let headers = response.headers.iter();
    headers
        .filter(|(name, _)| name == "server-timing")
        .map(|(_, value)| value.as_str())
        .collect()
}

/// Reads `total;dur=1.2, db;dur=0.3;desc="2 queries"`.
fn read(value: &str) -> (f64, f64, &str) {
    let rest = value.strip_prefix("total;dur=").expect(value);
    let (total, rest) = rest.split_once(", db;dur=").expect(value);
    let (database, description) = rest.split_once(";desc=").expect(value);
    (
        total.parse().unwrap(),
        database.parse().unwrap(),
        description,
    )
}

#[test]
fn nothing_is_told_unless_it_is_asked_for() {
    let (_metrics, http) = measured();
    for http in [http.clone(), http.server_timing(true).server_timing(false)] {
        let site = site(http);
        for path in ["/queries/2", "/fail", "/panic", "/forbidden", "/nowhere"] {
            assert_eq!(all(&site.get(path)), [""; 0], "{path}");
        }
        assert_eq!(all(&site.get("/own")).len(), 2);
    }
}

#[test]
fn a_response_says_what_it_took_and_how_many_queries_it_made() {
    let (_metrics, http) = measured();
    let site = site(http.server_timing(true));
    for (count, description) in [
        (0, "\"0 queries\""),
        (1, "\"1 query\""),
        (3, "\"3 queries\""),
    ] {
        let response = site.get(&format!("/queries/{count}"));
        let (total, database, told) = read(response.header("server-timing").unwrap());
        assert_eq!(told, description);
        assert!(total >= database, "{total} {database}");
        assert!(count > 0 || database == 0.0);
    }
}

#[test]
fn errors_say_it_too() {
    let (_metrics, http) = measured();
    let site = site(http.server_timing(true));
    for (path, status, description) in [
        ("/fail", 500, "\"0 queries\""),
        ("/panic", 500, "\"1 query\""),
        ("/forbidden", 403, "\"0 queries\""),
        ("/nowhere", 404, "\"0 queries\""),
        ("/queries/none", 404, "\"0 queries\""),
    ] {
        let response = site.get(path);
        assert_eq!(response.status, status, "{path}");
        let told = response.header("server-timing").expect(path);
        assert_eq!(read(told).2, description, "{path}");
    }
}

#[test]
fn what_the_application_says_itself_stays_and_is_first() {
    let (_metrics, http) = measured();
    let site = site(http.server_timing(true));
    let response = site.get("/own");
    let told = all(&response);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[..2], ["cache;desc=\"hit\"", "render;dur=1.5"]);
    read(told[2]);
}

#[test]
fn wrapped_twice_it_is_said_once() {
    let (_metrics, http) = measured();
    let http = http.server_timing(true);
    let inner = http.clone();
    let site = serve!(
        App::new()
            .service(
                web::scope("/in")
                    .wrap(inner.clone())
                    .route("/queries/{count}", web::get().to(queries))
            )
            .wrap(http.clone())
    );
    let response = site.get("/in/queries/2");
    assert_eq!(
        read(response.header("server-timing").unwrap()).2,
        "\"2 queries\""
    );
}
