//! Every response is byte for byte what it is without the middleware, but for one header.
//!
//! actix writes its headers in the order of a hash map, which differs from one run to the next. So they are compared as a
//! sorted list, and everything else as it came. The date is left out because it changes.

use actix_web::dev::Service;
use actix_web::error::{ErrorForbidden, InternalError};
use actix_web::middleware::{Compress, DefaultHeaders, ErrorHandlers, NormalizePath};
use actix_web::{App, Error, HttpResponse};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::{Response, Site};

use crate::measured;
use crate::specimens::{BODIES, routes};

/// What an inner middleware refuses by an error of its own.
fn refuse(path: &str) -> Option<Error> {
    let teapot = || {
        HttpResponse::ImATeapot()
            .insert_header(("X-Tea", "black"))
            .body("short and stout")
    };
    match path {
        "/inner-forbidden" => Some(ErrorForbidden("not for you")),
        "/inner-teapot" => Some(InternalError::from_response("tea", teapot()).into()),
        _ => None,
    }
}

fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
}

/// Every body, asked for and asked about.
fn requests_for_bodies(headers: &str) -> Vec<String> {
    let methods = ["GET", "HEAD"].into_iter();
    methods
        .flat_map(|method| BODIES.map(|path| request(method, path, headers)))
        .collect()
}

/// What came, but for what may differ.
fn compared(response: Response) -> (String, Vec<(String, String)>, String) {
    let mut headers = response.headers;
    headers.retain(|(name, _)| name != "date" && name != "x-request-id");
    headers.sort();
    let body = response.body.escape_ascii().to_string();
    (response.status_line, headers, body)
}

/// Sends the same to both, and compares what comes back until the end of the connection.
#[track_caller]
fn assert_same(plain: &Site, wrapped: &Site, requests: &[String]) {
    for request in requests {
        let before = Response::parse(&plain.exchange(request));
        let after = Response::parse(&wrapped.exchange(request));
        let is_answered = after.status > 0 && !request.starts_with("no request");
        let ids = after
            .headers
            .iter()
            .filter(|(name, _)| name == "x-request-id");
        // What a middleware outside answers by itself, as 406 is, has none.
        if after.status != 406 {
            assert_eq!(ids.count(), usize::from(is_answered), "{request}");
        }
        assert!(
            before
                .headers
                .iter()
                .all(|(name, _)| name != "x-request-id")
        );
        assert_eq!(compared(after), compared(before), "{request}");
    }
}

/// Two sites that differ in the middleware alone, which stands inside of what comes after the semicolon.
macro_rules! both {
    ($app:expr $(; $outside:expr)*) => {{
        let (_metrics, http) = measured();
        let http = http.catch_panics(false);
        (
            serve!($app $(.wrap($outside))*),
            serve!($app.wrap(http.clone()) $(.wrap($outside))*),
        )
    }};
}

#[test]
fn bodies_of_every_kind_are_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes));
    assert_same(&plain, &wrapped, &requests_for_bodies(""));
}

#[test]
fn headers_cookies_and_redirects_are_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes));
    let requests =
        ["/cookies", "/redirect", "/moved", "/notes/7"].map(|path| request("GET", path, ""));
    assert_same(&plain, &wrapped, &requests);
}

#[test]
fn errors_are_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes).wrap_fn(|request, service| {
        let refused = refuse(request.path());
        let answered = service.call(request);
        async move {
            match refused {
                Some(error) => Err(error),
                None => answered.await,
            }
        }
    }));
    let paths = [
        "/fail",
        "/refuse",
        "/unavailable",
        "/nowhere",
        "/notes/x",
        "/inner-forbidden",
        "/inner-teapot",
        "/panic",
    ];
    let mut requests = Vec::from(paths.map(|path| request("GET", path, "")));
    requests.extend(paths.map(|path| request("HEAD", path, "")));
    requests.push(request("POST", "/short", ""));
    requests.push(request("POST", "/resource", ""));
    requests.push(request("DELETE", "/resource", ""));
    requests.push(request("EVIL", "/short", ""));
    requests.push(
        request(
            "POST",
            "/number",
            "Content-Type: application/json\r\nContent-Length: 1\r\n",
        ) + "x",
    );
    requests.push("no request\r\n\r\n".to_owned());
    assert_same(&plain, &wrapped, &requests);
}

#[test]
fn bodies_that_were_compressed_inside_are_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes).wrap(Compress::default()));
    for encoding in [
        "br",
        "gzip",
        "deflate",
        "identity",
        "unknown",
        "gzip;q=0.5, br",
    ] {
        let requests = requests_for_bodies(&format!("Accept-Encoding: {encoding}\r\n"));
        assert_same(&plain, &wrapped, &requests);
    }
    let answer =
        Response::parse(&wrapped.exchange(request("GET", "/long", "Accept-Encoding: br\r\n")));
    assert_eq!(
        answer.header("content-encoding"),
        Some("br"),
        "else nothing is shown"
    );
}

#[test]
fn bodies_that_are_compressed_outside_are_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes); Compress::default());
    for encoding in [
        "br",
        "gzip",
        "deflate",
        "identity",
        "unknown",
        "gzip;q=0.5, br",
    ] {
        let requests = requests_for_bodies(&format!("Accept-Encoding: {encoding}\r\n"));
        assert_same(&plain, &wrapped, &requests);
    }
    let answer =
        Response::parse(&wrapped.exchange(request("GET", "/long", "Accept-Encoding: gzip\r\n")));
    assert_eq!(
        answer.header("content-encoding"),
        Some("gzip"),
        "else nothing is shown"
    );
}

#[test]
fn what_middlewares_on_both_sides_do_is_the_same() {
    let (plain, wrapped) = both!(
        App::new()
            .configure(routes)
            .wrap(DefaultHeaders::new().add(("X-Inner", "1")))
            .wrap(NormalizePath::trim());
        DefaultHeaders::new().add(("X-Outer", "2"));
        ErrorHandlers::new()
    );
    let paths = [
        "/short/", "//short", "/cookies", "/nowhere", "/fail", "/stream",
    ];
    assert_same(
        &plain,
        &wrapped,
        &paths.map(|path| request("GET", path, "")),
    );
}

#[test]
fn what_is_sent_to_it_is_read_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes));
    let long = "x".repeat(100_000);
    let requests = [
        request(
            "POST",
            "/read",
            &format!("Content-Length: {}\r\n", long.len()),
        ) + &long,
        request("POST", "/read", "Content-Length: 5\r\n") + "hello",
        request("POST", "/read", "Content-Length: 0\r\n"),
        request("POST", "/read", "Transfer-Encoding: chunked\r\n")
            + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        request(
            "POST",
            "/read",
            "Content-Length: 5\r\nExpect: 100-continue\r\n",
        ) + "hello",
        request("POST", "/ignore", "Content-Length: 5\r\n") + "hello",
        request("POST", "/ignore", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n",
    ];
    for request in &requests {
        let [before, after] = [&plain, &wrapped].map(|site| site.exchange(request));
        let [before, after] = [before, after].map(|answer| Response::parse_all(&answer));
        assert_eq!(before.len(), after.len(), "{request}");
        for (before, after) in before.into_iter().zip(after) {
            assert_eq!(compared(after), compared(before), "{request}");
        }
    }
}

#[test]
fn responses_on_one_connection_are_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes));
    let paths = [
        "/short",
        "/stream",
        "/long",
        "/zero",
        "/no-content",
        "/not-found",
        "/cookies",
        "/sized-stream",
        "/events",
    ];
    let mut requests: String = paths
        .iter()
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .collect();
    requests.push_str(&request("GET", "/short", ""));
    let [before, after] =
        [&plain, &wrapped].map(|site| Response::parse_all(&site.exchange(&requests)));
    assert_eq!((before.len(), after.len()), (10, 10));
    for (before, after) in before.into_iter().zip(after) {
        after.request_id();
        assert_eq!(compared(after), compared(before));
    }
}

#[test]
fn responses_to_old_clients_are_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes));
    let mut requests: Vec<String> = BODIES
        .iter()
        .map(|path| format!("GET {path} HTTP/1.0\r\n\r\n"))
        .collect();
    requests.push("GET /cookies HTTP/1.0\r\nConnection: close\r\n\r\n".to_owned());
    assert_same(&plain, &wrapped, &requests);
}

#[test]
fn a_switch_of_protocols_is_the_same() {
    let (plain, wrapped) = both!(App::new().configure(routes));
    let requests = [
        "GET /upgrade HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
    ];
    let [before, after] = [&plain, &wrapped].map(|site| {
        let mut stream = site.send(requests[0]);
        let answer = starpunk_metrics_tests::site::read_until(&mut stream, b"hello");
        Response::parse(&answer)
    });
    assert_eq!(before.status, 101);
    after.request_id();
    assert_eq!(compared(after), compared(before));
}
