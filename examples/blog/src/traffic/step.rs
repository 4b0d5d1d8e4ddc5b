//! The steps that the traffic consists of, and what each of them is expected to do.

use serde_json::json;

use crate::cache::FeedKind;

/// What one request is expected to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) method: &'static str,
    /// The pattern of the route, or [`UNMATCHED`].
    pub(crate) route: &'static str,
    pub(crate) status: u16,
    /// As they are measured: `BEGIN` and `COMMIT` are statements too, and so is one that fails.
    pub(crate) statements: u64,
    /// The names of the business events.
    pub(crate) events: &'static [&'static str],
}

/// The route of a request that no route takes.
pub(super) const UNMATCHED: &str = "UNMATCHED";

pub(super) const NOTE_CREATED: &str = "note_created";
pub(super) const NOTE_UPDATED: &str = "note_updated";
pub(super) const NOTE_DELETED: &str = "note_deleted";
pub(super) const NOTES_SEARCHED: &str = "notes_searched";
pub(super) const FEED_GENERATED: &str = "feed_generated";
pub(super) const CACHE_HIT: &str = "cache_hit";
pub(super) const CACHE_MISS: &str = "cache_miss";

impl Expected {
    /// Whether the feeds have to be made again after it.
    pub(super) fn changes_a_note(&self) -> bool {
        let changes = [NOTE_CREATED, NOTE_UPDATED, NOTE_DELETED];
        self.events.iter().any(|event| changes.contains(event))
    }
}

pub(super) enum Content {
    None,
    Form(String),
    Json(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
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

pub(super) const CYCLE: [Step; 40] = {
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
    /// The table of what each step is expected to do. For the feeds see `Script::feed`.
    pub(super) fn expected(self, cycle: u64) -> Expected {
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
            Self::Search => row("GET", "/search", 200, 2, &[NOTES_SEARCHED]),
            Self::ApiList => row("GET", "/api/notes", 200, 2, &[]),
            // one read
            Self::TagList => row("GET", "/tags", 200, 1, &[]),
            Self::NotePage => row("GET", "/notes/{slug}", 200, 1, &[]),
            Self::EditForm => row("GET", "/notes/{slug}/edit", 200, 1, &[]),
            Self::ApiRead => row("GET", "/api/notes/{slug}", 200, 1, &[]),
            Self::NoSuchNote => row("GET", "/notes/{slug}", 404, 1, &[]),
            // BEGIN, similar slugs, note, tags, COMMIT
            Self::FormCreate => row("POST", "/notes", 303, 5, &[NOTE_CREATED]),
            Self::ApiCreate => row("POST", "/api/notes", 201, 5, &[NOTE_CREATED]),
            // BEGIN, note, old tags, new tags, COMMIT
            Self::FormUpdate => row("POST", "/notes/{slug}", 303, 5, &[NOTE_UPDATED]),
            Self::ApiUpdate => row("PUT", "/api/notes/{slug}", 200, 5, &[NOTE_UPDATED]),
            // BEGIN, tags, note, COMMIT
            Self::FormDelete => row("POST", "/notes/{slug}/delete", 303, 4, &[NOTE_DELETED]),
            Self::ApiDelete => row("DELETE", "/api/notes/{slug}", 204, 4, &[NOTE_DELETED]),
            // nothing to ask the database
            Self::Stylesheet => row("GET", "/assets/{file}", 200, 0, &[]),
            Self::NewForm => row("GET", "/new", 200, 0, &[]),
            Self::BadForm => row("POST", "/notes", 400, 0, &[]),
            Self::BadJson => row("POST", "/api/notes", 400, 0, &[]),
            Self::BadPageNumber => row("GET", "/", 400, 0, &[]),
            Self::WrongMethod => row("DELETE", "/notes/{slug}", 405, 0, &[]),
            Self::NoSuchPage => row("GET", UNMATCHED, 404, 0, &[]),
            // Its statement never runs, but the annotated query that tries is an operation that failed.
            Self::Failure if cycle.is_multiple_of(10) => row("GET", "/fail", 500, 1, &[]),
            Self::Failure => Self::FrontPage.expected(cycle),
            Self::Feed(kind) | Self::FeedAgain(kind) => row("GET", feed_path(kind), 200, 0, &[]),
        }
    }

    pub(super) fn content(self, cycle: u64) -> Content {
        match self {
            Self::ApiCreate => Content::Json(
                json!({ "title": "Traffic note", "body": format!("Cycle {cycle}."), "tags": ["traffic"] })
                    .to_string(),
            ),
            Self::ApiUpdate => Content::Json(
                json!({
                    "title": "Traffic note, edited",
                    "body": format!("Cycle {cycle}.\n\nA second paragraph."),
                    "tags": ["traffic", "edited"],
                })
                .to_string(),
            ),
            Self::FormCreate => Content::Form(format!(
                "title=Traffic+form&body=Cycle+{cycle}.&tags=traffic%2C+form"
            )),
            Self::FormUpdate => Content::Form(format!(
                "title=Traffic+form%2C+edited&body=Cycle+{cycle}.%0D%0A%0D%0AMore.&tags=traffic"
            )),
            Self::FormDelete => Content::Form(String::new()),
            Self::BadForm => Content::Form("title=+&body=A+note+without+a+title.".to_owned()),
            Self::BadJson => Content::Json("{\"title\": ".to_owned()),
            _ => Content::None,
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
