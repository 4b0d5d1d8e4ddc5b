//! The stories of requests, their ids, and what is left out.

use starpunk_metrics::HttpMetrics;

use crate::journey::site::{Site, header};

/// What tells of the site, and not of its visitors.
const LEFT_OUT: [&str; 7] = [
    "/health",
    "/metrics.json",
    "/findings",
    "/statements",
    "/requests",
    "/requests/0b5e1c1e-7a3c-4c69-9d0c-6b1f2a4c9d10",
    "/requests/one/of/a/client",
];

fn trusting(cidr: &'static str) -> impl FnOnce(HttpMetrics) -> HttpMetrics {
    move |http_metrics| http_metrics.trust_request_id_from([cidr]).unwrap()
}

#[test]
fn kept_requests_are_listed_with_the_newest_first_and_lead_to_their_stories() {
    let site = Site::open();
    let empty = site.get("/requests");
    assert_eq!(empty.status(), 200);
    assert_eq!(header(&empty, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&empty, "cache-control"), "no-store");
    assert!(empty.body().contains("0 requests"), "{}", empty.body());

    let [tags, failed] = ["/tags", "/fail"].map(|path| {
        let page = site.get(path);
        site.settled();
        header(&page, "x-request-id").to_owned()
    });
    let page = site.get("/requests");
    let link = |id: &str| page.body().find(&format!("href=\"/requests/{id}\""));
    let (tags, failed) = (link(&tags).unwrap(), link(&failed).unwrap());
    assert!(failed < tags, "{}", page.body());
    let row = &page.body()[tags..];
    for cell in ["GET /tags", "200", "ok", "1", "sampled"] {
        assert!(row.contains(&format!(">{cell}</td>")), "{cell}: {row}");
    }
    let row = &page.body()[failed..tags];
    for cell in ["GET /fail", "500", "server_error", "1", "failed"] {
        assert!(row.contains(&format!(">{cell}</td>")), "{cell}: {row}");
    }
}

#[test]
fn story_tells_what_was_done_when_and_by_whom() {
    let site = Site::open();
    let written = site.form("/notes", "title=Tea&body=Leaves.&tags=hot");
    site.settled();
    let story = site.get(&format!("/requests/{}", header(&written, "x-request-id")));
    assert_eq!(story.status(), 200);
    assert_eq!(header(&story, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&story, "cache-control"), "no-store");
    let body = story.body();
    let places: Vec<usize> = [
        "<h1>POST /notes</h1>",
        "ok, status 303",
        "<code>BEGIN IMMEDIATE</code>",
        "in blog::notes::create_note",
        "<code>INSERT INTO note(",
        "<code>INSERT INTO note_tag",
        "<code>COMMIT</code>",
        "<code>note_created</code>",
        "content_length=7",
    ]
    .map(|part| {
        body.find(part)
            .unwrap_or_else(|| panic!("no {part} in {body}"))
    })
    .to_vec();
    assert!(places.is_sorted(), "{places:?} in {body}");
    assert!(!body.contains("Leaves"), "{body}");
    assert!(!body.contains(" style="), "the browser would refuse it");
}

#[test]
fn story_is_json_for_a_program_that_asks_for_it() {
    let site = Site::open();
    let tags = site.get("/tags");
    site.settled();
    let id = header(&tags, "x-request-id");
    let answer = site.get_with(&format!("/requests/{id}"), "accept", "application/json");
    assert_eq!(header(&answer, "content-type"), "application/json");
    let story: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(story["request_id"], id);
    assert_eq!(story["route"], "/tags");
    assert_eq!(story["statements"], 1);
    let kinds = story["spans"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|span| span["kind"].as_str()).collect();
    assert!(kinds.contains(&Some("statement")), "{story}");
    let snapshot = site.get("/metrics.json");
    let snapshot: serde_json::Value = serde_json::from_str(snapshot.body()).unwrap();
    assert_eq!(snapshot["traces"][0]["request_id"], id);
}

#[test]
fn request_that_is_not_kept_has_a_page_that_says_why() {
    let site = Site::open();
    let id = "0b5e1c1e-7a3c-4c69-9d0c-6b1f2a4c9d10";
    for id in [id, "order-17", "one/of/a/client"] {
        let page = site.get(&format!("/requests/{id}"));
        assert_eq!(page.status(), 404, "{id}");
        let told = format!("no story of the request {id} is kept");
        assert!(page.body().contains(&told), "{}", page.body());
    }
    let page = site.get("/requests/two%20words");
    assert_eq!(page.status(), 400);
    assert!(page.body().contains("a request id is 1 to 128 characters"));
}

#[test]
fn client_finds_its_request_by_its_own_id_where_it_is_trusted() {
    let site = Site::open_with(trusting("127.0.0.0/8"));
    for id in [
        "order-17",
        "shop/orders/17+a=b",
        "0B5E1C1E-7A3C-4C69-9D0C-6B1F2A4C9D10",
    ] {
        let page = site.get_with("/tags", "x-request-id", id);
        assert_eq!(header(&page, "x-request-id"), id);
        site.settled();
        let story = site.get(&format!("/requests/{id}"));
        assert_eq!(story.status(), 200, "{id}");
        assert!(story.body().contains(id), "{}", story.body());
    }
}

#[test]
fn id_of_a_client_that_is_not_trusted_stands_beside_ours() {
    let site = Site::open_with(trusting("10.0.0.0/8"));
    let page = site.get_with("/tags", "x-request-id", "order-17");
    let id = header(&page, "x-request-id");
    assert_ne!(id, "order-17");
    site.settled();
    assert_eq!(site.get("/requests/order-17").status(), 404);
    let story = site.get(&format!("/requests/{id}"));
    assert!(
        story.body().contains("<code>order-17</code>"),
        "{}",
        story.body()
    );
}

#[test]
fn pages_about_the_site_are_left_out_of_what_is_measured() {
    let site = Site::open();
    for path in LEFT_OUT {
        for method in ["GET", "HEAD", "POST"] {
            let page = site.bare(method, path);
            assert_eq!(header(&page, "x-request-id").len(), 36, "{path}");
        }
    }
    let snapshot = site.settled();
    assert_eq!(snapshot.stats.total_count, 0);
    assert!(snapshot.routes.is_empty(), "{:?}", snapshot.routes);
    assert!(snapshot.traces().is_empty(), "{:?}", snapshot.traces());
    assert_eq!(snapshot.unattributed, 0);
    site.get("/requests-of-others");
    assert_eq!(site.settled().routes.len(), 1);
}

#[test]
fn health_is_told_in_a_word() {
    let site = Site::open();
    let health = site.get("/health");
    assert_eq!(health.status(), 200);
    assert_eq!(health.body(), "ok\n");
    assert_eq!(header(&health, "cache-control"), "no-store");
}

#[test]
fn what_an_answer_took_is_told_only_if_that_is_wanted() {
    let site = Site::open();
    assert!(!site.get("/tags").headers().contains_key("server-timing"));
    let site = Site::open_with(|http_metrics| http_metrics.server_timing(true));
    let page = site.get("/tags");
    let told = header(&page, "server-timing");
    assert!(told.starts_with("total;dur="), "{told}");
    assert!(told.ends_with("desc=\"1 query\""), "{told}");
}
