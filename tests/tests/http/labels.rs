//! Rule 5 for requests: labels have bounded values, whatever clients send.

use actix_web::{App, HttpResponse, guard, web};
use starpunk_metrics::OperationType;
use starpunk_metrics_tests::serve;

use crate::measured;

#[test]
fn random_paths_methods_and_hosts_make_no_series() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/notes/{id}", web::get().to(HttpResponse::Ok))
            .wrap(http.clone())
    );
    for number in 0..200 {
        site.get(&format!("/random/{number}"));
        site.get(&format!("/notes/{number}"));
        site.request(
            &format!("EVIL{number}"),
            "/notes/1",
            &[("X-Forwarded-Host", &number.to_string())],
            b"",
        );
    }
    let snapshot = metrics.snapshot();
    let mut names: Vec<&str> = snapshot
        .operations
        .iter()
        .map(|series| series.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["GET /notes/{id}", "GET UNMATCHED", "_OTHER /notes/{id}"]
    );
    assert_eq!(snapshot.count(OperationType::Http, "GET UNMATCHED"), 200);
    assert_eq!(
        snapshot.route("_OTHER", "/notes/{id}").unwrap().statuses,
        [(404, 200)]
    );
}

#[test]
fn the_route_is_the_one_that_answered() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .service(
                web::scope("/p")
                    .service(
                        web::resource("/{kind}/{id}")
                            .guard(guard::Get())
                            .route(web::get().to(HttpResponse::Ok)),
                    )
                    .service(
                        web::resource("/{kind}/action")
                            .route(web::post().to(HttpResponse::Accepted))
                    ),
            )
            .wrap(http.clone())
    );
    assert_eq!(site.post("/p/w/action", b"").status, 202);
    assert_eq!(site.get("/p/w/7").status, 200);
    let snapshot = metrics.snapshot();
    assert_eq!(
        snapshot.count(OperationType::Http, "POST /p/{kind}/action"),
        1
    );
    assert_eq!(snapshot.count(OperationType::Http, "GET /p/{kind}/{id}"), 1);
}

#[test]
fn routes_tell_their_statuses_and_sizes() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .service(
                web::resource("/echo").route(web::post().to(|body: String| async {
                    if body.is_empty() {
                        return HttpResponse::BadRequest().finish();
                    }
                    HttpResponse::Created().body(body)
                })),
            )
            .wrap(http.clone())
    );
    site.post("/echo", b"four");
    site.post("/echo", b"sixsix");
    site.post("/echo", b"");
    let snapshot = metrics.snapshot();
    let route = snapshot.route("POST", "/echo").unwrap();
    assert_eq!(route.statuses, [(201, 2), (400, 1)]);
    assert_eq!((route.request_bytes, route.response_bytes), (10, 10));
    assert_eq!(route.tally.count(), 3);
    assert_eq!(route.head.count(), 3);
}
