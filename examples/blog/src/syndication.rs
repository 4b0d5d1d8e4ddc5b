//! From notes to feeds: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1. Nothing here knows of HTTP or the database.

use askama::Template;
use atom_syndication as atom;
use chrono::{DateTime, Utc};
use rss::extension::atom::AtomExtension;
use serde_json::json;

use crate::cache::FeedKind;
use crate::error::BlogError;
use crate::markup;
use crate::notes::Note;
use crate::views::{Body, SITE_DESCRIPTION, SITE_TITLE};

/// Writes the feed of these notes; `base_url` has no slash at its end.
pub(crate) fn feed(kind: FeedKind, base_url: &str, notes: &[Note]) -> Result<String, BlogError> {
    match kind {
        FeedKind::Rss => rss_feed(base_url, notes),
        FeedKind::Atom => atom_feed(base_url, notes),
        FeedKind::Json => json_feed(base_url, notes),
    }
}

fn rss_feed(base_url: &str, notes: &[Note]) -> Result<String, BlogError> {
    let mut items = Vec::with_capacity(notes.len());
    for note in notes {
        let url = note_url(base_url, note);
        items.push(rss::Item {
            title: Some(note.title.clone()),
            link: Some(url.clone()),
            guid: Some(rss::Guid {
                value: url,
                permalink: true,
            }),
            pub_date: Some(note.created.to_rfc2822()),
            description: Some(body_html(note)?),
            categories: note
                .tags
                .iter()
                .map(|tag| rss::Category {
                    name: tag.clone(),
                    domain: None,
                })
                .collect(),
            ..rss::Item::default()
        });
    }
    let channel = rss::Channel {
        title: SITE_TITLE.to_owned(),
        link: format!("{base_url}/"),
        description: SITE_DESCRIPTION.to_owned(),
        language: Some("en".to_owned()),
        last_build_date: newest_change(notes).map(|newest| newest.to_rfc2822()),
        // The advice of the RSS Advisory Board: a feed says where it is itself.
        atom_ext: Some(AtomExtension {
            links: vec![atom_link(
                "self",
                format!("{base_url}/feed.rss"),
                "application/rss+xml",
            )],
        }),
        items,
        ..rss::Channel::default()
    };
    written(channel.write_to(Vec::new()))
}

fn atom_feed(base_url: &str, notes: &[Note]) -> Result<String, BlogError> {
    let mut entries = Vec::with_capacity(notes.len());
    for note in notes {
        let url = note_url(base_url, note);
        entries.push(atom::Entry {
            id: url.clone(),
            title: atom::Text::plain(note.title.clone()),
            updated: note.updated.fixed_offset(),
            published: Some(note.created.fixed_offset()),
            links: vec![atom_link("alternate", url, "text/html")],
            categories: note
                .tags
                .iter()
                .map(|tag| atom::Category {
                    term: tag.clone(),
                    ..atom::Category::default()
                })
                .collect(),
            summary: Some(atom::Text::plain(markup::excerpt(&note.body))),
            content: Some(atom::Content {
                content_type: Some("html".to_owned()),
                value: Some(body_html(note)?),
                ..atom::Content::default()
            }),
            ..atom::Entry::default()
        });
    }
    let feed = atom::Feed {
        id: format!("{base_url}/"),
        title: atom::Text::plain(SITE_TITLE),
        subtitle: Some(atom::Text::plain(SITE_DESCRIPTION)),
        // The format wants a date even of a feed without entries.
        updated: newest_change(notes).unwrap_or_default().fixed_offset(),
        authors: vec![atom::Person {
            name: SITE_TITLE.to_owned(),
            ..atom::Person::default()
        }],
        links: vec![
            atom_link(
                "self",
                format!("{base_url}/feed.atom"),
                "application/atom+xml",
            ),
            atom_link("alternate", format!("{base_url}/"), "text/html"),
        ],
        lang: Some("en".to_owned()),
        entries,
        ..atom::Feed::default()
    };
    written(feed.write_to(Vec::new()))
}

fn json_feed(base_url: &str, notes: &[Note]) -> Result<String, BlogError> {
    let mut items = Vec::with_capacity(notes.len());
    for note in notes {
        let url = note_url(base_url, note);
        items.push(json!({
            "id": url,
            "url": url,
            "title": note.title,
            "content_html": body_html(note)?,
            "summary": markup::excerpt(&note.body),
            "date_published": note.created.to_rfc3339(),
            "date_modified": note.updated.to_rfc3339(),
            "tags": note.tags,
        }));
    }
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": SITE_TITLE,
        "description": SITE_DESCRIPTION,
        "home_page_url": format!("{base_url}/"),
        "feed_url": format!("{base_url}/feed.json"),
        "language": "en",
        "items": items,
    });
    Ok(feed.to_string())
}

fn note_url(base_url: &str, note: &Note) -> String {
    format!("{base_url}/notes/{}", note.slug)
}

fn body_html(note: &Note) -> Result<String, BlogError> {
    Ok(Body::of(note).render()?.trim().to_owned())
}

fn newest_change(notes: &[Note]) -> Option<DateTime<Utc>> {
    notes.iter().map(|note| note.updated).max()
}

fn atom_link(rel: &str, href: String, mime_type: &str) -> atom::Link {
    atom::Link {
        rel: rel.to_owned(),
        href,
        mime_type: Some(mime_type.to_owned()),
        ..atom::Link::default()
    }
}

fn written<E>(outcome: Result<Vec<u8>, E>) -> Result<String, BlogError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let bytes = outcome.map_err(|error| BlogError::Feed(Box::new(error)))?;
    String::from_utf8(bytes).map_err(|error| BlogError::Feed(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE_URL: &str = "https://blog.example";

    fn note(slug: &str, updated: i64) -> Note {
        Note {
            slug: slug.to_owned(),
            title: "Ham & <eggs>".to_owned(),
            body: "First <b>line</b> & more.\n\n    if a < b { \"]]>\" }".to_owned(),
            tags: vec!["food".to_owned(), "été".to_owned()],
            created: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            updated: DateTime::from_timestamp(updated, 0).unwrap(),
        }
    }

    fn notes() -> [Note; 2] {
        [note("second", 1_700_000_500), note("first", 1_700_009_000)]
    }

    #[test]
    fn rss_is_read_back_as_it_was_written() {
        let text = feed(FeedKind::Rss, BASE_URL, &notes()).unwrap();
        assert!(text.starts_with("<?xml"), "{text}");
        let channel = rss::Channel::read_from(text.as_bytes()).unwrap();
        assert_eq!(channel.link(), "https://blog.example/");
        assert_eq!(
            channel.last_build_date(),
            Some("Wed, 15 Nov 2023 00:43:20 +0000")
        );
        let link = &channel.atom_ext().unwrap().links()[0];
        assert_eq!(
            (link.rel(), link.href()),
            ("self", "https://blog.example/feed.rss")
        );
        let item = &channel.items()[0];
        let url = "https://blog.example/notes/second";
        assert_eq!(item.title(), Some("Ham & <eggs>"));
        assert_eq!(item.link(), Some(url));
        assert_eq!(item.guid().unwrap().value(), url);
        assert!(item.guid().unwrap().is_permalink());
        assert_eq!(item.pub_date(), Some("Tue, 14 Nov 2023 22:13:20 +0000"));
        assert_eq!(item.categories()[1].name(), "été");
        let html = item.description().unwrap();
        assert!(
            html.starts_with("<p>First &#60;b&#62;line&#60;/b&#62; &#38; more.</p>"),
            "{html}"
        );
        assert!(html.contains("]]&#62;"), "{html}");
    }

    #[test]
    fn atom_is_read_back_as_it_was_written() {
        let text = feed(FeedKind::Atom, BASE_URL, &notes()).unwrap();
        let feed = atom::Feed::read_from(text.as_bytes()).unwrap();
        assert_eq!(feed.id(), "https://blog.example/");
        assert_eq!(feed.updated().timestamp(), 1_700_009_000);
        assert_eq!(feed.authors().len(), 1);
        assert_eq!(feed.links()[0].rel(), "self");
        assert_eq!(feed.links()[0].href(), "https://blog.example/feed.atom");
        let entry = &feed.entries()[1];
        assert_eq!(entry.id(), "https://blog.example/notes/first");
        assert_eq!(entry.title().as_str(), "Ham & <eggs>");
        assert_eq!(entry.published().unwrap().timestamp(), 1_700_000_000);
        assert_eq!(entry.updated().timestamp(), 1_700_009_000);
        assert_eq!(entry.content().unwrap().content_type(), Some("html"));
        let html = entry.content().unwrap().value().unwrap();
        assert!(html.starts_with("<p>First &#60;b&#62;"), "{html}");
    }

    #[test]
    fn json_feed_has_what_version_1_1_asks_for() {
        let text = feed(FeedKind::Json, BASE_URL, &notes()).unwrap();
        let feed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
        assert_eq!(feed["feed_url"], "https://blog.example/feed.json");
        let item = &feed["items"][0];
        assert_eq!(item["id"], "https://blog.example/notes/second");
        assert_eq!(item["date_published"], "2023-11-14T22:13:20+00:00");
        assert_eq!(item["tags"], json!(["food", "été"]));
    }

    #[test]
    fn feed_without_notes_is_still_a_feed() {
        let rss = feed(FeedKind::Rss, BASE_URL, &[]).unwrap();
        assert!(
            rss::Channel::read_from(rss.as_bytes())
                .unwrap()
                .items()
                .is_empty()
        );
        let atom = feed(FeedKind::Atom, BASE_URL, &[]).unwrap();
        assert!(
            atom::Feed::read_from(atom.as_bytes())
                .unwrap()
                .entries()
                .is_empty()
        );
        assert!(
            feed(FeedKind::Json, BASE_URL, &[])
                .unwrap()
                .contains("\"items\":[]")
        );
    }
}
