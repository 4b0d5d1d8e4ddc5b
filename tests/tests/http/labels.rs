//! Rule 5 for requests: labels have bounded values, whatever clients send.

use std::io::{BufWriter, Read, Write};

use actix_web::dev::{
    AppService, HttpServiceFactory, ResourceDef, Service, ServiceRequest, fn_service,
};
use actix_web::{App, Error, HttpResponse, guard, web};
use starpunk_metrics::{HttpMetrics, OperationType, RequestOutcome, Snapshot};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::Site;

use crate::measured;

/// How many different ones of each are sent.
const FLOOD: usize = 34_000;

/// Sends these requests on one connection without waiting for the answers, and counts those by status.
fn pipelined(site: &Site, heads: impl Iterator<Item = String> + Send, status: u16) -> usize {
    let mut stream = site.connect();
    let mut sending = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut sent = BufWriter::new(&mut sending);
            for head in heads {
                sent.write_all(head.as_bytes()).unwrap();
            }
            sent.write_all(
                b"GET /notes/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            )
            .unwrap();
        });
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        answers.matches(&format!("HTTP/1.1 {status} ")).count()
    })
}

/// The names of everything that is counted by name.
fn series(snapshot: &Snapshot) -> Vec<String> {
    let operations = snapshot.operations.iter().map(|series| series.name.clone());
    let routes = snapshot.routes.iter();
    let routes = routes.map(|route| format!("route {} {}", route.method, route.route));
    operations.chain(routes).collect()
}

#[test]
fn a_hundred_thousand_paths_methods_and_hosts_make_no_series() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/notes/{id}", web::get().to(HttpResponse::Ok))
            .service(web::scope("/user/{name}").route("/feed", web::get().to(HttpResponse::Ok)))
            .wrap(http.clone()),
        workers = 2
    );
    site.get("/notes/1");
    site.get("/nowhere");
    site.request("EVIL", "/notes/1", &[], b"");
    let before = series(&metrics.snapshot());
    assert_eq!(
        before,
        [
            "GET /notes/{id}",
            "GET UNMATCHED",
            "_OTHER /notes/{id}",
            "route GET /notes/{id}",
            "route _OTHER /notes/{id}",
            "route GET UNMATCHED",
        ]
    );

    let paths = (0..FLOOD).map(|number| match number % 3 {
        0 => format!("GET /random/{number}?q={number} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        1 => format!("GET /{number}%2f..%00/x HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        // What a scope matches is no route, unless a resource in it does.
        _ => format!("GET /user/{number}/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    });
    let methods = (0..FLOOD)
        .map(|number| format!("M{number} /notes/{number} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let hosts = (0..FLOOD).map(|number| {
        format!(
            "GET /notes/1 HTTP/1.1\r\nHost: h{number}.example\r\nX-Forwarded-Host: f{number}\r\n\
             User-Agent: u{number}\r\n\r\n"
        )
    });
    std::thread::scope(|scope| {
        let sent = [
            scope.spawn(|| pipelined(&site, paths, 404)),
            scope.spawn(|| pipelined(&site, methods, 404)),
            scope.spawn(|| pipelined(&site, hosts, 200)),
        ];
        let answered = sent.map(|answered| answered.join().unwrap());
        assert_eq!(answered, [FLOOD, FLOOD, FLOOD + 1]);
    });

    let snapshot = metrics.snapshot();
    assert_eq!(series(&snapshot), before);
    assert_eq!(snapshot.names_refused, 0);
    let flood = FLOOD as u64;
    let statuses = |method, route| snapshot.route(method, route).unwrap().statuses.clone();
    assert_eq!(statuses("GET", "UNMATCHED"), [(404, flood + 1)]);
    assert_eq!(statuses("_OTHER", "/notes/{id}"), [(404, flood + 1)]);
    // Each of the three connections was closed by one more.
    assert_eq!(statuses("GET", "/notes/{id}"), [(200, flood + 4)]);
    assert_eq!(snapshot.stats.total_count, 3 * flood + 6);
}

#[test]
fn known_methods_are_named_and_any_other_is_one_of_the_rest() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/", web::to(HttpResponse::Ok))
            .wrap(http.clone())
    );
    let known = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE",
    ];
    let others = ["get", "Get", "PROPFIND", "_OTHER", "a-method.of_mine"];
    for method in known.iter().chain(&others) {
        assert_eq!(site.request(method, "/", &[], b"").status, 200, "{method}");
    }
    let snapshot = metrics.snapshot();
    let counted = snapshot.routes.iter();
    let counted: Vec<(&str, u64)> = counted
        .map(|route| (route.method.as_str(), route.tally.count()))
        .collect();
    let mut expected: Vec<(&str, u64)> = known.map(|method| (method, 1)).into();
    expected.push(("_OTHER", 5));
    assert_eq!(counted, expected);
}

#[test]
fn two_hundred_of_three_hundred_routes_have_a_series_and_the_rest_share_one() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .configure(|config| {
                for number in 0..300 {
                    let pattern = format!("/r{number}/{{id}}");
                    config.route(&pattern, web::get().to(HttpResponse::InternalServerError));
                }
            })
            .wrap(http.clone())
    );
    for round in 0..2 {
        for number in 0..300 {
            site.get(&format!("/r{number}/{round}"));
        }
    }
    // Found also where it comes after the table was full.
    site.get("/nowhere");
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.routes.len(), 201);
    for (number, route) in [(0, "/r0/{id}"), (199, "/r199/{id}")] {
        let counted = snapshot.route("GET", route).unwrap();
        assert_eq!(counted.statuses, [(500, 2)], "{number}");
    }
    assert!(snapshot.route("GET", "/r200/{id}").is_none());
    let overflow = snapshot.route("_OTHER", "OVERFLOW").unwrap();
    assert_eq!(overflow.statuses, [(404, 1), (500, 200)]);
    assert_eq!(overflow.count_of(RequestOutcome::ServerError), 200);
    assert_eq!(snapshot.count(OperationType::Http, "_OTHER OVERFLOW"), 201);
    assert_eq!(snapshot.stats.total_count, 601);
    assert!(snapshot.names_refused > 0);
}

/// Each form in which nothing is there, and what the server calls it.
#[test]
fn what_is_not_there_and_what_is_not_allowed_keep_the_pattern_where_there_is_one() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/route", web::get().to(HttpResponse::Ok))
            .service(web::resource("/resource").route(web::get().to(HttpResponse::Ok)))
            .route(
                "/number/{n}",
                web::get().to(|number: web::Path<u32>| async move { number.to_string() })
            )
            .route("/gone/{id}", web::get().to(HttpResponse::NotFound))
            .service(
                web::scope("/scope")
                    .service(web::resource("/in").route(web::get().to(HttpResponse::Ok)))
                    .default_service(web::to(HttpResponse::MethodNotAllowed)),
            )
            .wrap(http.clone())
    );
    let cases = [
        ("POST", "/route", 404, "/route"),
        ("POST", "/resource", 405, "/resource"),
        ("GET", "/number/none", 404, "/number/{n}"),
        ("GET", "/gone/1", 404, "/gone/{id}"),
        ("POST", "/scope/in", 405, "/scope/in"),
        ("GET", "/scope/nothing", 405, "UNMATCHED"),
        ("DELETE", "/nowhere", 404, "UNMATCHED"),
        ("PUT", "/route/", 404, "UNMATCHED"),
    ];
    for (method, path, status, _) in cases {
        assert_eq!(
            site.request(method, path, &[], b"").status,
            status,
            "{path}"
        );
    }
    let snapshot = metrics.snapshot();
    for (method, path, status, pattern) in cases {
        let route = snapshot.route(method, pattern).expect(path);
        assert_eq!(
            route
                .statuses
                .iter()
                .filter(|(known, _)| *known == status)
                .count(),
            1,
            "{method} {path}: {route:#?}"
        );
        assert_eq!(route.outcomes.len(), 1, "{path}");
        assert!(route.count_of(RequestOutcome::ClientError) > 0, "{path}");
    }
    assert_eq!(snapshot.stats.total_count, cases.len() as u64);
    assert_eq!(snapshot.stats.by_type[&OperationType::Http].errors, 0);
}

/// Answers whatever is below, as a service of files does.
struct Mounted;

impl HttpServiceFactory for Mounted {
    fn register(self, config: &mut AppService) {
        let answers = fn_service(|request: ServiceRequest| async {
            Ok::<_, Error>(request.into_response(HttpResponse::Ok()))
        });
        config.register_service(ResourceDef::root_prefix(""), None, answers, None);
    }
}

#[test]
fn what_is_mounted_at_the_root_is_the_root() {
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route("/notes/{id}", web::get().to(HttpResponse::Ok))
            .service(Mounted)
            .wrap(http.clone())
    );
    for path in ["/", "/style.css", "/images/random/1.png", "/notes/1"] {
        assert_eq!(site.get(path).status, 200);
    }
    let snapshot = metrics.snapshot();
    let statuses = |route| snapshot.route("GET", route).unwrap().statuses.clone();
    assert_eq!(statuses("/"), [(200, 3)]);
    assert_eq!(statuses("/notes/{id}"), [(200, 1)]);
    assert_eq!(snapshot.routes.len(), 2);
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

/// A panic leaves no response to ask, so the path alone says which route it is.
#[test]
fn a_path_that_is_spelled_in_percents_is_of_the_route_that_it_would_reach() {
    async fn panics() -> HttpResponse {
        panic!("on purpose")
    }
    let (metrics, http) = measured();
    let site = serve!(
        App::new()
            .route(r"/notes/{id:\d+}", web::get().to(panics))
            .wrap(http.clone())
    );
    assert_eq!(site.get("/notes/%37").status, 500);
    let snapshot = metrics.snapshot();
    assert_eq!(
        snapshot.count(OperationType::Http, r"GET /notes/{id:\d+}"),
        1
    );
}

#[test]
fn one_worker_names_the_routes_of_two_pipelines_each_by_its_own_table() {
    // Made in neither of them: it reports to the one that is entered.
    let http = HttpMetrics::new();
    let pipelines =
        ["one", "two"].map(|_| starpunk_metrics_tests::pipeline(starpunk_metrics_tests::config()));
    let [one, two] = pipelines.map(web::Data::new);
    let shared = [one.clone(), two.clone()];
    let site = serve!(
        App::new()
            .route("/a", web::get().to(HttpResponse::Ok))
            .route("/b", web::get().to(HttpResponse::Created))
            .wrap(http.clone())
            .wrap_fn({
                let [one, two] = shared.clone();
                move |request, service| {
                    let is_of_one = request.query_string() == "one";
                    let _entered = if is_of_one { one.enter() } else { two.enter() };
                    service.call(request)
                }
            })
    );
    // Each table has another one first.
    for path in ["/a?one", "/b?two", "/a?two", "/b?one", "/b?two", "/b?one"] {
        assert_eq!(site.get(path).status / 100, 2);
    }
    for metrics in [one, two] {
        let snapshot = metrics.snapshot();
        let statuses = |route| snapshot.route("GET", route).unwrap().statuses.clone();
        assert_eq!(statuses("/a"), [(200, 1)]);
        assert_eq!(statuses("/b"), [(201, 2)]);
        assert_eq!(snapshot.routes.len(), 2);
    }
}
