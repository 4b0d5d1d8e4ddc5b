//! Journeys through a real server on a free port, as a browser and as a program.

mod findings;
mod measurements;
mod requests;
mod site;
mod slowness;

use crate::journey::site::{Site, header};

#[test]
fn note_is_written_read_edited_and_deleted_in_a_browser() {
    let site = Site::open();
    let written = site.form(
        "/notes",
        "title=Ham+%26+%3Ceggs%3E&body=One.%0D%0A%0D%0ATwo.&tags=Food%2C+%C3%A9t%C3%A9",
    );
    assert_eq!(written.status(), 303);
    let address = header(&written, "location").to_owned();
    assert_eq!(address, "/notes/ham-eggs");

    let page = site.get(&address);
    assert_eq!(page.status(), 200);
    assert!(page.body().contains("Ham &#38; &#60;eggs&#62;"));
    assert!(page.body().contains("<p>Two.</p>"));
    assert!(page.body().contains("href=\"/tags/%C3%A9t%C3%A9\""));
    assert_eq!(site.get("/tags/%C3%A9t%C3%A9").status(), 200);
    assert!(site.get("/tags").body().contains("food"));
    assert!(site.get("/search?q=two+HAM").body().contains("1 note"));
    assert!(
        site.get(&format!("{address}/edit"))
            .body()
            .contains("food, été")
    );

    let edited = site.form(&address, "title=Toast&body=Three.&tags=");
    assert_eq!(edited.status(), 303);
    assert_eq!(header(&edited, "location"), address);
    let front = site.get("/");
    assert!(front.body().contains("Toast"));
    assert!(!front.body().contains("food"));

    assert_eq!(site.form(&format!("{address}/delete"), "").status(), 303);
    assert_eq!(site.get(&address).status(), 404);
    assert_eq!(site.form(&format!("{address}/delete"), "").status(), 404);
}

#[test]
fn note_is_written_read_edited_and_deleted_over_the_api() {
    let site = Site::open();
    let created = site.json(
        "POST",
        "/api/notes",
        r#"{"title": "One", "body": "Text", "tags": ["b", "A"]}"#,
    );
    assert_eq!(created.status(), 201);
    assert_eq!(header(&created, "location"), "/api/notes/one");
    let note: serde_json::Value = serde_json::from_str(created.body()).unwrap();
    assert_eq!(note["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(site.get("/api/notes/one").body(), created.body());

    let updated = site.json(
        "PUT",
        "/api/notes/one",
        r#"{"title": "Two", "body": "More"}"#,
    );
    assert_eq!(updated.status(), 200);
    assert_eq!(site.get("/api/notes/one").body(), updated.body());
    let list: serde_json::Value = serde_json::from_str(site.get("/api/notes").body()).unwrap();
    assert_eq!(list["total"], 1);
    assert_eq!(list["notes"][0]["title"], "Two");

    assert_eq!(site.bare("DELETE", "/api/notes/one").status(), 204);
    for response in [
        site.get("/api/notes/one"),
        site.bare("DELETE", "/api/notes/one"),
        site.json(
            "PUT",
            "/api/notes/one",
            r#"{"title": "Two", "body": "More"}"#,
        ),
    ] {
        assert_eq!(response.status(), 404);
        assert_eq!(response.body(), r#"{"error":"there is no such note here"}"#);
    }
}

#[test]
fn two_notes_of_one_title_have_two_addresses() {
    let site = Site::open();
    for expected in ["/notes/same", "/notes/same-2", "/notes/same-3"] {
        let response = site.form("/notes", "title=Same&body=b");
        assert_eq!(header(&response, "location"), expected);
    }
}

#[test]
fn eleven_notes_fill_two_pages() {
    let site = Site::open();
    for number in 1..=11 {
        site.form("/notes", &format!("title=Number+{number}&body=b&tags=t"));
    }
    let front = site.get("/?page=2");
    assert!(front.body().contains("11 notes, page 2 of 2"));
    assert!(front.body().contains("href=\"/?page=1\""));
    assert!(!front.body().contains("Number 11"));
    assert!(
        site.get("/tags/t")
            .body()
            .contains("href=\"/tags/t?page=2\"")
    );
    let found = site.get("/search?q=number+b");
    assert!(
        found
            .body()
            .contains("href=\"/search?q=number%20b&amp;page=2\""),
        "{}",
        found.body()
    );
    assert_eq!(site.get("/?page=3").status(), 404);
    assert_eq!(site.get("/api/notes?page=3").status(), 404);
}

#[test]
fn feed_is_sent_once_and_again_only_after_a_change() {
    let site = Site::open();
    site.form("/notes", "title=First&body=b");
    for path in ["/feed.rss", "/feed.atom", "/feed.json"] {
        let first = site.get(path);
        assert_eq!(first.status(), 200);
        assert!(first.body().contains("https://blog.example/notes/first"));
        let etag = header(&first, "etag").to_owned();
        let date = header(&first, "last-modified").to_owned();

        let again = site.get_with(path, "if-none-match", &etag);
        assert_eq!(again.status(), 304);
        assert!(again.body().is_empty());
        assert_eq!(header(&again, "etag"), etag);
        assert_eq!(
            site.get_with(path, "if-modified-since", &date).status(),
            304
        );

        site.form("/notes", "title=Next&body=b");
        let changed = site.get_with(path, "if-none-match", &etag);
        assert_eq!(changed.status(), 200);
        assert_ne!(header(&changed, "etag"), etag);
    }
}

#[test]
fn head_has_the_headers_of_get_without_its_body() {
    let site = Site::open();
    let head = site.bare("HEAD", "/feed.atom");
    assert_eq!(head.status(), 200);
    assert!(head.body().is_empty());
    assert_eq!(
        header(&head, "etag"),
        header(&site.get("/feed.atom"), "etag")
    );
}

#[test]
fn stylesheet_is_found_where_the_page_says_and_may_be_kept_for_ever() {
    let site = Site::open();
    let front = site.get("/");
    let start = front.body().find("/assets/blog-").unwrap();
    let end = start + front.body()[start..].find('"').unwrap();
    let css = site.get(&front.body()[start..end]);
    assert_eq!(css.status(), 200);
    assert!(header(&css, "content-type").starts_with("text/css"));
    assert!(header(&css, "cache-control").contains("immutable"));
    assert_eq!(site.get("/assets/blog-0000.css").status(), 404);
}

#[test]
fn what_is_not_there_is_said_in_the_language_of_the_caller() {
    let site = Site::open();
    for path in [
        "/no-such-page",
        "/notes/none",
        "/notes/none/edit",
        "/tags/none",
    ] {
        let page = site.get(path);
        assert_eq!(page.status(), 404, "{path}");
        assert!(page.body().contains("<h1>Not Found</h1>"), "{path}");
        assert!(!page.body().contains("/requests/"), "{path}");
    }
    for path in ["/api/none", "/api/notes/none"] {
        let answer = site.get(path);
        assert_eq!(answer.status(), 404, "{path}");
        assert!(answer.body().starts_with("{\"error\":"), "{path}");
    }
}

#[test]
fn wrong_method_is_told_the_right_ones() {
    let site = Site::open();
    for (method, path, allowed) in [
        ("DELETE", "/notes/one", "GET, HEAD, POST"),
        ("GET", "/notes", "POST"),
        ("DELETE", "/", "GET, HEAD"),
        ("DELETE", "/api/notes", "GET, HEAD, POST"),
        ("OPTIONS", "/api/notes/one", "GET, HEAD, PUT, DELETE"),
    ] {
        let response = site.bare(method, path);
        assert_eq!(response.status(), 405, "{method} {path}");
        assert_eq!(header(&response, "allow"), allowed);
        assert_eq!(
            response.body().starts_with("{\"error\":"),
            path.starts_with("/api")
        );
    }
}

#[test]
fn bad_form_comes_back_as_it_was_filled_in() {
    let site = Site::open();
    let response = site.form("/notes", "title=+&body=My+%3Ctext%3E&tags=one");
    assert_eq!(response.status(), 400);
    assert!(response.body().contains("the title is empty"));
    assert!(response.body().contains("My &#60;text&#62;</textarea>"));
    assert!(response.body().contains("value=\"one\""));
    assert!(site.get("/").body().contains("0 notes"));
}

#[test]
fn bad_input_is_a_bad_request() {
    let site = Site::open();
    for path in [
        "/?page=0",
        "/?page=x",
        "/search?q=a&page=-1",
        "/?page=1&page=2",
    ] {
        assert_eq!(site.get(path).status(), 400, "{path}");
    }
    assert_eq!(site.form("/notes", "body=b").status(), 400);
    let long = "a".repeat(201);
    assert_eq!(site.get(&format!("/search?q={long}")).status(), 400);
    assert_eq!(
        site.form("/notes", &format!("title={long}&body=b"))
            .status(),
        400
    );
    for body in [
        "",
        "{",
        "[]",
        r#"{"title": "t"}"#,
        r#"{"title": "", "body": "b"}"#,
        r#"{"title": "t", "body": "b", "slug": "s"}"#,
        r#"{"title": "t", "body": "b", "tags": ["a/b"]}"#,
    ] {
        let answer = site.json("POST", "/api/notes", body);
        assert_eq!(answer.status(), 400, "{body}");
        assert!(answer.body().starts_with("{\"error\":"), "{body}");
    }
    assert_eq!(site.get("/api/notes?page=0").status(), 400);
    assert_eq!(
        site.content("POST", "/notes", "text/plain", "title=t")
            .status(),
        415
    );
    assert_eq!(
        site.content("POST", "/api/notes", "text/plain", "{}")
            .status(),
        415
    );
}

#[test]
fn too_large_a_request_is_refused() {
    let site = Site::open();
    let large = "a".repeat(300 * 1024);
    let page = site.form("/notes", &format!("title=t&body={large}"));
    assert_eq!(page.status(), 413);
    let answer = site.json("POST", "/api/notes", &format!("{{\"title\": \"{large}\"}}"));
    assert_eq!(answer.status(), 413);
    assert!(answer.body().starts_with("{\"error\":"));
}

#[test]
fn largest_allowed_note_fits_into_a_form() {
    let site = Site::open();
    let body = "%F0%9F%8C%BB".repeat(crate::draft::MAX_BODY_CHARS);
    let response = site.form("/notes", &format!("title=Flowers&body={body}"));
    assert_eq!(response.status(), 303);
}

#[test]
fn failure_is_shown_without_its_reasons_and_the_site_goes_on() {
    let site = Site::open();
    let failed = site.get("/fail");
    assert_eq!(failed.status(), 500);
    assert!(!failed.body().contains("no_such_table"));
    assert!(failed.body().contains("Internal Server Error"));
    let story = format!("href=\"/requests/{}\"", header(&failed, "x-request-id"));
    assert!(failed.body().contains(&story), "{}", failed.body());
    assert_eq!(site.get("/panic").status(), 500);
    assert_eq!(site.get("/").status(), 200);
}

#[test]
fn pages_tell_the_browser_to_run_nothing() {
    let site = Site::open();
    for path in ["/", "/no-such-page"] {
        let response = site.get(path);
        assert!(header(&response, "content-security-policy").contains("default-src 'none'"));
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    }
}
