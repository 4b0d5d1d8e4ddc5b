//! What is found wrong, and named, on a site that asks its database badly on purpose.

use starpunk_metrics::{Finding, FindingKind, RequestId, Snapshot};
use ureq::http::Response;

use crate::journey::site::{BROWSER, Site, header};

/// Two that ask their database badly.
const SLOW_PAGES: [&str; 2] = ["/slow/repeated", "/slow/scan"];

/// The only finding of its kind.
fn the(kind: FindingKind, snapshot: &Snapshot) -> &Finding {
    let mut of_kind = snapshot
        .findings()
        .iter()
        .filter(|finding| finding.kind == kind);
    let finding = of_kind.next();
    assert!(of_kind.next().is_none(), "{:?}", snapshot.findings());
    finding.unwrap_or_else(|| panic!("no {kind} in {:?}", snapshot.findings()))
}

fn request_ids(finding: &Finding) -> Vec<String> {
    finding.requests.iter().map(RequestId::to_string).collect()
}

fn lines_with<'a>(page: &'a Response<String>, part: &str) -> Vec<&'a str> {
    let lines = page.body().lines();
    lines.filter(|line| line.contains(part)).collect()
}

#[test]
fn nothing_is_found_at_first() {
    let site = Site::open_slow_demo();
    let page = site.get("/findings");
    assert_eq!(page.status(), 200);
    assert_eq!(header(&page, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(header(&page, "cache-control"), "no-store");
    assert_eq!(
        page.body(),
        "Nothing was found wrong so far, in 0 requests and 0 statements.\n"
    );
    assert_eq!(
        site.get("/statements").body(),
        "No statement has run so far.\n"
    );
}

#[test]
fn tags_that_are_read_note_by_note_are_a_repeated_select() {
    let site = Site::open_slow_demo();
    let page = site.get("/slow/repeated");
    assert!(page.body().contains("read 10 notes"), "{}", page.body());
    assert_eq!(
        lines_with(&page, "Count the statements of a page"),
        ["Count the statements of a page: performance, sqlite"]
    );

    let snapshot = site.settled();
    let finding = the(FindingKind::RepeatedSelect, &snapshot);
    assert_eq!(finding.route.as_deref(), Some("GET /slow/repeated"));
    let function = "blog::demonstration::slowness::tags_of_note";
    assert_eq!(finding.function.as_deref(), Some(function));
    assert_eq!(
        finding.statement.as_deref(),
        Some("SELECT tag FROM note_tag WHERE note_id = ? ORDER BY tag")
    );
    assert!(finding.evidence.contains("10 times"), "{finding:?}");
    assert_eq!(request_ids(finding), [header(&page, "x-request-id")]);
}

#[test]
fn visits_that_are_searched_without_an_index_are_a_full_scan() {
    let site = Site::open_slow_demo();
    let page = site.get("/slow/scan");
    let answer = "looked at 20000 visits to find the 20 that came from https://reader-7.example/";
    assert!(page.body().contains(answer), "{}", page.body());

    let snapshot = site.settled();
    let finding = the(FindingKind::FullScan, &snapshot);
    assert_eq!(finding.route.as_deref(), Some("GET /slow/scan"));
    let function = "blog::demonstration::visits::count_visits";
    assert_eq!(finding.function.as_deref(), Some(function));
    assert!(finding.evidence.contains("the table visit "), "{finding:?}");
    assert_eq!(request_ids(finding), [header(&page, "x-request-id")]);
}

#[test]
fn full_scan_names_the_column_that_wants_an_index() {
    let site = Site::open_slow_demo();
    site.get("/slow/scan");
    let snapshot = site.settled();
    let finding = the(FindingKind::FullScan, &snapshot);
    assert!(finding.advice.contains("visit(referrer)"), "{finding:?}");
}

#[test]
fn findings_are_named_on_a_page() {
    let site = Site::open_slow_demo();
    let [repeated, scanned] = SLOW_PAGES.map(|path| site.get(path));
    site.settled();
    let page = site.get("/findings");
    assert_eq!(page.status(), 200);
    for (part, lines) in [
        ("so far, in 2 requests and 12 statements", 1),
        (". repeated_select, once, ", 1),
        (". full_scan, once, ", 1),
        ("   route      GET /slow/repeated", 1),
        ("   route      GET /slow/scan", 1),
        ("   function   blog::demonstration::visits::count_visits", 1),
        ("   evidence   it reads the table visit ", 1),
        ("   statement  SELECT ", 2),
        ("   advice     ", 2),
        ("   request    /requests/", 2),
        (header(&repeated, "x-request-id"), 1),
        (header(&scanned, "x-request-id"), 1),
    ] {
        assert_eq!(lines_with(&page, part).len(), lines, "{part}: {page:?}");
    }
}

#[test]
fn findings_are_a_page_of_links_for_a_browser() {
    let site = Site::open_slow_demo();
    let empty = site.get_with("/findings", "accept", BROWSER);
    assert_eq!(header(&empty, "content-type"), "text/html; charset=utf-8");
    assert!(empty.body().contains("Nothing was found wrong so far."));

    let scanned = site.get("/slow/scan");
    site.settled();
    let page = site.get_with("/findings", "accept", BROWSER);
    assert_eq!(header(&page, "cache-control"), "no-store");
    for part in [
        "<h2>full_scan</h2>",
        "<dd>GET /slow/scan</dd>",
        "CREATE INDEX visit_by_referrer",
    ] {
        assert!(page.body().contains(part), "{part}: {}", page.body());
    }
    let story = format!("/requests/{}", header(&scanned, "x-request-id"));
    assert!(page.body().contains(&format!("href=\"{story}\"")));
    assert_eq!(site.get(&story).status(), 200);
}

#[test]
fn statements_are_counted_on_a_page() {
    let site = Site::open_slow_demo();
    for path in SLOW_PAGES {
        site.get(path);
    }
    site.settled();
    let page = site.get("/statements");
    assert_eq!(page.status(), 200);
    // A heading, and two lines for each of the three statements.
    assert_eq!(page.body().lines().count(), 7, "{}", page.body());
    let columns = |table: &str| {
        let lines = lines_with(&page, table);
        let columns: Vec<&str> = lines[0].split_whitespace().collect();
        [columns[0], columns[3], columns[4], columns[5]].map(str::to_owned)
    };
    // Calls, rows, the share that was reused, scans.
    assert_eq!(columns(" note_tag "), ["10", "20", "90%", "0"]);
    assert_eq!(columns(" visit "), ["1", "1", "0%", "1"]);
    let function = "in blog::demonstration::slowness::tags_of_note";
    assert_eq!(lines_with(&page, function).len(), 1);
}

#[test]
fn users_of_the_pool_are_measured() {
    let site = Site::open();
    site.get("/");
    let snapshot = site.settled();
    let [pool] = &snapshot.pools[..] else {
        panic!("one pool expected: {:?}", snapshot.pools);
    };
    assert_eq!(pool.name, "blog");
    assert_eq!(pool.usage.count(), 1);
}
