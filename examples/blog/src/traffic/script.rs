//! The sequence of requests.
//!
//! It follows from the number of the request alone; after the last step of [`CYCLE`] comes the first one again. A step
//! that needs a note uses one that an earlier step of the same cycle has created, and every created note is deleted
//! before the cycle ends.

use crate::assets::stylesheet_path;
use crate::cache::FeedKind;
use crate::traffic::step::{CACHE_HIT, CACHE_MISS, CYCLE, Content, Expected, FEED_GENERATED, Step};

pub(super) struct Request {
    pub(super) path: String,
    pub(super) content: Content,
    pub(super) if_none_match: Option<String>,
    pub(super) expected: Expected,
}

/// What later requests need to know of an answer.
pub(super) struct Reply {
    pub(super) location: Option<String>,
    pub(super) etag: Option<String>,
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
        } else if expected.changes_a_note() {
            for feed in &mut self.feeds {
                feed.cached = false;
            }
        }
        Request {
            path: self.path(step, &expected),
            content: step.content(cycle),
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
            expected.events = &[CACHE_HIT];
            if if_none_match.is_some() {
                expected.status = 304;
            }
        } else {
            expected.events = &[CACHE_MISS, FEED_GENERATED];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::step::{NOTE_CREATED, NOTE_DELETED, UNMATCHED};

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

    fn count(requests: &[Request], event: &'static str) -> usize {
        requests
            .iter()
            .filter(|request| request.expected.events.contains(&event))
            .count()
    }

    #[test]
    fn cycle_deletes_every_note_that_it_creates() {
        let requests = requests(CYCLE.len() * 3);
        assert_eq!(count(&requests, NOTE_CREATED), 6);
        assert_eq!(count(&requests, NOTE_DELETED), 6);
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
            count(&requests, CACHE_MISS),
            count(&requests, FEED_GENERATED)
        );
        for request in &requests {
            if request.expected.status == 304 {
                assert_eq!(request.expected.events, [CACHE_HIT]);
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
