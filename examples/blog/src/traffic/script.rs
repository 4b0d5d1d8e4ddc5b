//! The sequence of requests, and what each of them is expected to do.
//!
//! The sequence follows from the number of the request alone; after the last step of [`CYCLE`] comes the first one
//! again. A step that needs a note uses one that an earlier step of the same cycle has created, and every created
//! note is deleted before the cycle ends.

use serde_json::json;

use crate::assets::stylesheet_path;
use crate::cache::FeedKind;
use crate::event::BlogEvent;

/// What one request is expected to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) method: &'static str,
    /// The pattern of the route, or [`UNMATCHED`].
    pub(crate) route: &'static str,
    pub(crate) status: u16,
    /// As a trace hook on the connection sees them: `BEGIN` and `COMMIT` are statements too.
    pub(crate) statements: u64,
    pub(crate) events: &'static [BlogEvent],
}

/// The route of a request that no route takes.
pub(crate) const UNMATCHED: &str = "UNMATCHED";

pub(super) struct Request {
    pub(super) path: String,
    pub(super) content: Content,
    pub(super) if_none_match: Option<String>,
    pub(super) expected: Expected,
}

pub(super) enum Content {
    None,
    Form(String),
    Json(String),
}

/// What later requests need to know of an answer.
pub(super) struct Reply {
    pub(super) location: Option<String>,
    pub(super) etag: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    FrontPage,
    Stylesheet,
    NewForm,
    TagList,
    TagPage,
    Search,
    ApiCreate,
    ApiList,
    ApiRead,
    ApiUpdate,
    ApiDelete,
    FormCreate,
    NotePage,
    EditForm,
    FormUpdate,
    FormDelete,
    Feed(FeedKind),
    /// With `If-None-Match`: only where the feed has not changed since, or has certainly changed.
    FeedAgain(FeedKind),
    NoSuchPage,
    NoSuchNote,
    BadForm,
    BadJson,
    BadPageNumber,
    WrongMethod,
    /// A page that fails in every tenth cycle, and the front page in the others.
    Failure,
}

const CYCLE: [Step; 40] = {
    use FeedKind::{Atom, Json, Rss};
    use Step::*;
    [
        FrontPage,
        Stylesheet,
        ApiCreate,
        ApiRead,
        Feed(Rss),
        FeedAgain(Rss),
        Feed(Atom),
        Feed(Json),
        Feed(Atom),
        FeedAgain(Json),
        TagPage,
        TagList,
        FrontPage,
        Search,
        ApiUpdate,
        FeedAgain(Rss),
        ApiList,
        NewForm,
        BadForm,
        FormCreate,
        NotePage,
        EditForm,
        FormUpdate,
        NotePage,
        FrontPage,
        BadJson,
        NoSuchPage,
        NoSuchNote,
        WrongMethod,
        BadPageNumber,
        Feed(Rss),
        FeedAgain(Rss),
        FeedAgain(Rss),
        Search,
        FormDelete,
        FrontPage,
        ApiDelete,
        Feed(Rss),
        FrontPage,
        Failure,
    ]
};

impl Step {
    /// The table of what each step is expected to do. For the feeds see [`Script::feed`].
    fn expected(self, cycle: u64) -> Expected {
        use BlogEvent::{NoteCreated, NoteDeleted, NoteUpdated};
        let row = |method, route, status, statements, events| Expected {
            method,
            route,
            status,
            statements,
            events,
        };
        match self {
            // count, notes
            Self::FrontPage => row("GET", "/", 200, 2, &[]),
            Self::TagPage => row("GET", "/tags/{tag}", 200, 2, &[]),
            Self::Search => row("GET", "/search", 200, 2, &[]),
            Self::ApiList => row("GET", "/api/notes", 200, 2, &[]),
            // one read
            Self::TagList => row("GET", "/tags", 200, 1, &[]),
            Self::NotePage => row("GET", "/notes/{slug}", 200, 1, &[]),
            Self::EditForm => row("GET", "/notes/{slug}/edit", 200, 1, &[]),
            Self::ApiRead => row("GET", "/api/notes/{slug}", 200, 1, &[]),
            Self::NoSuchNote => row("GET", "/notes/{slug}", 404, 1, &[]),
            // BEGIN, similar slugs, note, tags, COMMIT
            Self::FormCreate => row("POST", "/notes", 303, 5, &[NoteCreated]),
            Self::ApiCreate => row("POST", "/api/notes", 201, 5, &[NoteCreated]),
            // BEGIN, note, old tags, new tags, COMMIT
            Self::FormUpdate => row("POST", "/notes/{slug}", 303, 5, &[NoteUpdated]),
            Self::ApiUpdate => row("PUT", "/api/notes/{slug}", 200, 5, &[NoteUpdated]),
            // BEGIN, tags, note, COMMIT
            Self::FormDelete => row("POST", "/notes/{slug}/delete", 303, 4, &[NoteDeleted]),
            Self::ApiDelete => row("DELETE", "/api/notes/{slug}", 204, 4, &[NoteDeleted]),
            // nothing to ask the database
            Self::Stylesheet => row("GET", "/assets/{file}", 200, 0, &[]),
            Self::NewForm => row("GET", "/new", 200, 0, &[]),
            Self::BadForm => row("POST", "/notes", 400, 0, &[]),
            Self::BadJson => row("POST", "/api/notes", 400, 0, &[]),
            Self::BadPageNumber => row("GET", "/", 400, 0, &[]),
            Self::WrongMethod => row("DELETE", "/notes/{slug}", 405, 0, &[]),
            Self::NoSuchPage => row("GET", UNMATCHED, 404, 0, &[]),
            // The statement of /fail cannot even be prepared, and so never runs.
            Self::Failure if cycle.is_multiple_of(10) => row("GET", "/fail", 500, 0, &[]),
            Self::Failure => Self::FrontPage.expected(cycle),
            Self::Feed(kind) | Self::FeedAgain(kind) => row("GET", feed_path(kind), 200, 0, &[]),
        }
    }
}

/// Where the sequence is, and what the client knows of the server.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Number of requests so far.
    position: u64,
    /// Slug of the note that was created over the API; empty until then.
    api_slug: String,
    /// Slug of the note that was created with the form; empty until then.
    form_slug: String,
    feeds: [KnownFeed; 3],
}

#[derive(Debug, Default)]
struct KnownFeed {
    etag: Option<String>,
    /// Whether the server has it in its cache: since it was read, no note has changed.
    cached: bool,
}

impl Script {
    /// The next request. [`Script::learn`] wants its answer before the next call.
    pub(super) fn next(&mut self) -> Request {
        let step = self.step();
        let cycle = self.position / CYCLE.len() as u64;
        self.position += 1;

        let mut expected = step.expected(cycle);
        let mut if_none_match = None;
        if let Step::Feed(kind) | Step::FeedAgain(kind) = step {
            if_none_match = self.feed(kind, step, &mut expected);
        } else if !expected.events.is_empty() {
            for feed in &mut self.feeds {
                feed.cached = false;
            }
        }
        Request {
            path: self.path(step, &expected),
            content: content(step, cycle),
            if_none_match,
            expected,
        }
    }

    /// Takes note of the answer to the last request.
    pub(super) fn learn(&mut self, reply: Reply) {
        let slug = || {
            let location = reply.location.as_deref()?;
            Some(location.rsplit('/').next()?.to_owned())
        };
        match CYCLE[self.index(self.position - 1)] {
            Step::ApiCreate => self.api_slug = slug().unwrap_or_default(),
            Step::FormCreate => self.form_slug = slug().unwrap_or_default(),
            Step::Feed(kind) | Step::FeedAgain(kind) => self.feeds[kind as usize].etag = reply.etag,
            _ => {}
        }
    }

    /// A feed comes from the cache, or is made with one statement; a reader that has it gets a 304.
    fn feed(&mut self, kind: FeedKind, step: Step, expected: &mut Expected) -> Option<String> {
        let feed = &mut self.feeds[kind as usize];
        let if_none_match = match step {
            Step::FeedAgain(_) => feed.etag.clone(),
            _ => None,
        };
        if feed.cached {
            expected.events = &[BlogEvent::CacheHit];
            if if_none_match.is_some() {
                expected.status = 304;
            }
        } else {
            expected.events = &[BlogEvent::CacheMiss, BlogEvent::FeedGenerated];
            expected.statements = 1;
        }
        feed.cached = true;
        if_none_match
    }

    fn step(&self) -> Step {
        CYCLE[self.index(self.position)]
    }

    fn index(&self, position: u64) -> usize {
        (position % CYCLE.len() as u64) as usize
    }

    fn path(&self, step: Step, expected: &Expected) -> String {
        let slug = match step {
            Step::NotePage | Step::EditForm | Step::FormUpdate | Step::FormDelete => {
                &self.form_slug
            }
            Step::ApiRead | Step::ApiUpdate | Step::ApiDelete | Step::WrongMethod => &self.api_slug,
            _ => "there-is-no-such-note",
        };
        match step {
            Step::Stylesheet => stylesheet_path(),
            Step::Search => "/search?q=traffic+note".to_owned(),
            Step::BadPageNumber => "/?page=0".to_owned(),
            Step::NoSuchPage => "/no-such-page".to_owned(),
            _ => expected
                .route
                .replace("{slug}", slug)
                .replace("{tag}", "traffic"),
        }
    }
}

const fn feed_path(kind: FeedKind) -> &'static str {
    match kind {
        FeedKind::Rss => "/feed.rss",
        FeedKind::Atom => "/feed.atom",
        FeedKind::Json => "/feed.json",
    }
}

fn content(step: Step, cycle: u64) -> Content {
    match step {
        Step::ApiCreate => Content::Json(
            json!({ "title": "Traffic note", "body": format!("Cycle {cycle}."), "tags": ["traffic"] })
                .to_string(),
        ),
        Step::ApiUpdate => Content::Json(
            json!({
                "title": "Traffic note, edited",
                "body": format!("Cycle {cycle}.\n\nA second paragraph."),
                "tags": ["traffic", "edited"],
            })
            .to_string(),
        ),
        Step::FormCreate => Content::Form(format!(
            "title=Traffic+form&body=Cycle+{cycle}.&tags=traffic%2C+form"
        )),
        Step::FormUpdate => Content::Form(format!(
            "title=Traffic+form%2C+edited&body=Cycle+{cycle}.%0D%0A%0D%0AMore.&tags=traffic"
        )),
        Step::FormDelete => Content::Form(String::new()),
        Step::BadForm => Content::Form("title=+&body=A+note+without+a+title.".to_owned()),
        Step::BadJson => Content::Json("{\"title\": ".to_owned()),
        _ => Content::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through the script with answers as a server would give them.
    fn requests(count: usize) -> Vec<Request> {
        let mut script = Script::default();
        (0..count)
            .map(|number| {
                let request = script.next();
                script.learn(Reply {
                    location: Some(format!("/notes/slug-{number}")),
                    etag: Some("\"tag\"".to_owned()),
                });
                request
            })
            .collect()
    }

    fn count(requests: &[Request], event: BlogEvent) -> usize {
        requests
            .iter()
            .filter(|request| request.expected.events.contains(&event))
            .count()
    }

    #[test]
    fn cycle_deletes_every_note_that_it_creates() {
        let requests = requests(CYCLE.len() * 3);
        assert_eq!(count(&requests, BlogEvent::NoteCreated), 6);
        assert_eq!(count(&requests, BlogEvent::NoteDeleted), 6);
    }

    #[test]
    fn no_request_names_a_note_before_it_was_created() {
        for request in requests(CYCLE.len() * 2) {
            assert!(!request.path.contains("//"), "{}", request.path);
            assert!(!request.path.ends_with("/notes/"), "{}", request.path);
            assert!(!request.path.contains('{'), "{}", request.path);
        }
    }

    #[test]
    fn every_miss_makes_a_feed_and_every_304_comes_from_the_cache() {
        let requests = requests(CYCLE.len() * 2);
        assert_eq!(
            count(&requests, BlogEvent::CacheMiss),
            count(&requests, BlogEvent::FeedGenerated)
        );
        for request in &requests {
            if request.expected.status == 304 {
                assert_eq!(request.expected.events, [BlogEvent::CacheHit]);
                assert!(request.if_none_match.is_some());
            }
        }
    }

    #[test]
    fn first_cycle_has_every_step() {
        let steps: Vec<&str> = requests(CYCLE.len())
            .iter()
            .map(|request| request.expected.route)
            .collect();
        for route in ["/fail", UNMATCHED, "/feed.json", "/notes/{slug}/delete"] {
            assert!(steps.contains(&route), "{route}");
        }
    }
}
