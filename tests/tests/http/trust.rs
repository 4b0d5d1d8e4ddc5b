//! The ids of trusted peers: taken for ours, sent back as they came, and found again by their text.

use actix_web::dev::Service;
use actix_web::error::ErrorForbidden;
use actix_web::{App, HttpResponse, web};
use starpunk_metrics::{Config, Error, HttpMetrics, Metrics, RequestContext, RequestId};
use starpunk_metrics_tests::serve;
use starpunk_metrics_tests::site::Site;

use crate::measured;
use crate::notes::{author, notes};

async fn own_id(id: RequestId) -> String {
    assert_eq!(RequestId::current(), Some(id));
    assert_eq!(RequestContext::current().id(), Some(id));
    id.to_string()
}

async fn panics() -> HttpResponse {
    panic!("on purpose")
}

fn site(http: HttpMetrics) -> Site {
    serve!(
        App::new()
            .route("/", web::get().to(own_id))
            .route(
                "/author",
                web::get().to(|| async { author(&notes(), 7).unwrap() })
            )
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

fn trusting(networks: &[&str]) -> (Metrics, Site) {
    let (metrics, http) = measured();
    let http = http.trust_request_id_from(networks).unwrap();
    (metrics, site(http))
}

#[test]
fn the_id_of_a_trusted_peer_is_the_id_of_the_request() {
    let (metrics, site) = trusting(&["10.0.0.0/8", "127.0.0.0/8"]);
    let longest = "z".repeat(128);
    for sent in [
        // As Envoy writes them, and in capitals: those come back as they were sent.
        "3f1b2a4c-5d6e-9f70-8a1b-2c3d4e5f6071",
        "3F1B2A4C-5D6E-4F70-8A1B-2C3D4E5F6072",
        "Root=1-67891233-abcdef012345678912345678",
        "UK-Ziz8AAAEA@BJSBTMAAAAA",
        "order-17/retry-2",
        "00000000-0000-0000-0000-000000000000",
        longest.as_str(),
    ] {
        let response = site.request("GET", "/", &[("X-Request-ID", sent)], b"");
        assert_eq!(response.request_id(), sent);
        let id: RequestId = sent.parse().unwrap();
        assert_eq!(response.text(), id.to_string());
        let metric = metrics.metrics().pop().unwrap();
        assert_eq!(metric.request_id, Some(id));
        assert_eq!(metric.fields["client_request_id"], sent);
        let trace = metrics
            .trace(sent.parse().unwrap())
            .expect("it is found by its text");
        assert_eq!(trace.request_id(), id);
        assert_eq!(trace.client_request_id().unwrap().as_str(), sent);
        if sent.len() == 36 && !sent.starts_with("00000000") {
            assert_eq!(id.to_string(), sent.to_lowercase());
        }
    }
}

#[test]
fn the_id_of_a_trusted_peer_is_on_every_answer() {
    let (_metrics, site) = trusting(&["127.0.0.1"]);
    for (path, status) in [
        ("/nowhere", 404),
        ("/fail", 500),
        ("/panic", 500),
        ("/forbidden", 403),
    ] {
        let response = site.request("GET", path, &[("X-Request-ID", "order-17")], b"");
        assert_eq!(response.status, status);
        assert_eq!(response.request_id(), "order-17");
    }
}

#[test]
fn what_a_trusted_peer_sends_wrongly_is_refused_as_ever() {
    let (metrics, site) = trusting(&["127.0.0.0/8"]);
    for headers in [
        &[("X-Request-ID", "two words")][..],
        &[("X-Request-ID", "first, second")],
        &[("X-Request-ID", "")],
        &[("X-Request-ID", "first"), ("X-Request-ID", "second")],
    ] {
        let response = site.request("GET", "/", headers, b"");
        let id: RequestId = response.request_id().parse().unwrap();
        assert_eq!(id.as_uuid().get_version_num(), 4);
    }
    assert_eq!(metrics.snapshot().request_ids_refused, 4);
    // Without one, the id is made as ever.
    assert_eq!(site.get("/").request_id().len(), 36);
}

#[test]
fn a_peer_that_is_not_trusted_cannot_say_that_it_is() {
    let (metrics, site) = trusting(&["10.0.0.0/8", "::1"]);
    let sent = "3f1b2a4c-5d6e-4f70-8a1b-2c3d4e5f6071";
    for forged in [
        ("X-Forwarded-For", "10.0.0.1"),
        ("Forwarded", "for=10.0.0.1"),
        ("X-Real-IP", "10.0.0.1"),
    ] {
        let response = site.request("GET", "/", &[("X-Request-ID", sent), forged], b"");
        assert_ne!(response.request_id(), sent);
        assert_ne!(response.text(), sent);
        let metric = metrics.metrics().pop().unwrap();
        assert_ne!(metric.request_id, sent.parse().ok());
        assert_eq!(metric.fields["client_request_id"], sent);
    }
    assert!(metrics.trace(sent.parse().unwrap()).is_none());
}

#[test]
fn requests_of_one_id_are_each_recorded() {
    let (metrics, site) = trusting(&["127.0.0.0/8"]);
    for path in ["/", "/fail", "/nowhere"] {
        site.request("GET", path, &[("X-Request-ID", "again")], b"");
    }
    let id: RequestId = "again".parse().unwrap();
    let all = metrics.metrics();
    assert_eq!(
        all.iter()
            .filter(|metric| metric.request_id == Some(id))
            .count(),
        3
    );
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.traces().len(), 3);
    assert_eq!(
        snapshot.trace(id).unwrap().route(),
        "UNMATCHED",
        "the latest"
    );
}

/// As a proxy does that tries again.
#[test]
fn a_second_request_of_one_id_has_a_story_of_its_own() {
    let (metrics, site) = trusting(&["127.0.0.0/8"]);
    let id: RequestId = "again".parse().unwrap();
    for _ in 0..2 {
        site.request("GET", "/author", &[("X-Request-ID", "again")], b"");
        // It is looked at before the next one begins.
        let trace = metrics.trace(id).unwrap();
        assert_eq!((trace.statements(), trace.spans().len()), (1, 2));
    }
    let snapshot = metrics.snapshot();
    let told: Vec<usize> = snapshot
        .traces()
        .iter()
        .map(|trace| trace.spans().len())
        .collect();
    assert_eq!(told, [2, 2]);
}

#[test]
fn requests_of_one_id_that_follow_at_once_have_stories_of_their_own() {
    let (metrics, site) = trusting(&["127.0.0.0/8"]);
    let one = "GET /author HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: page\r\n\r\n";
    let last = one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    site.raw(format!("{one}{one}{last}").as_bytes());
    let snapshot = metrics.snapshot();
    let traces = snapshot.traces().iter();
    let told: Vec<usize> = traces.map(|trace| trace.spans().len()).collect();
    assert_eq!(told, [2, 2, 2]);
}

#[test]
fn an_id_is_taken_also_when_metrics_are_off() {
    let off = Metrics::scoped(Config::default().enabled(false)).unwrap();
    let entered = off.enter();
    let http = HttpMetrics::new()
        .trust_request_id_from(["127.0.0.0/8"])
        .unwrap();
    drop(entered);
    let site = site(http);
    let response = site.request("GET", "/", &[("X-Request-ID", "order-17")], b"");
    assert_eq!(response.request_id(), "order-17");
    assert_eq!(
        response.text(),
        "order-17".parse::<RequestId>().unwrap().to_string()
    );
    let failed = site.request("GET", "/panic", &[("X-Request-ID", "order-18")], b"");
    assert_eq!(
        (failed.status, failed.request_id().as_str()),
        (500, "order-18")
    );
    let refused = site.request("GET", "/", &[("X-Request-ID", "two words")], b"");
    assert_eq!(refused.request_id().len(), 36);
}

#[test]
fn a_network_that_is_none_is_an_error_that_says_what_to_write() {
    for wrong in ["10.0.0.0/33", "proxy.example.org", "10.0.0.0-10.0.0.9", ""] {
        let error = HttpMetrics::new()
            .trust_request_id_from(["127.0.0.1", wrong])
            .unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(&error, Error::InvalidNetwork { value } if value == wrong),
            "{text}"
        );
        assert!(text.contains(&format!("`{wrong}`")), "{text}");
        assert!(
            text.contains("CIDR") && text.contains("10.0.0.0/8"),
            "{text}"
        );
    }
}
