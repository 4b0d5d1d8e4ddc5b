//! The feeds as they were last put together. Lives in memory, shared by all threads of the server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use actix_web::http::header::EntityTag;
use actix_web::web::Bytes;

use crate::fingerprint::fingerprint;

/// The three formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedKind {
    Rss,
    Atom,
    Json,
}

impl FeedKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }
}

/// A feed that is ready to be sent.
#[derive(Debug)]
pub(crate) struct CachedFeed {
    pub(crate) body: Bytes,
    /// Strong: it follows from the bytes.
    pub(crate) etag: EntityTag,
    pub(crate) generated: SystemTime,
}

impl CachedFeed {
    pub(crate) fn new(body: String) -> Self {
        Self {
            etag: EntityTag::new_strong(fingerprint(body.as_bytes())),
            body: Bytes::from(body),
            generated: SystemTime::now(),
        }
    }
}

/// At most one feed of each format, each of them newer than the last change of a note.
#[derive(Debug, Default)]
pub(crate) struct FeedCache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Number of changes so far.
    generation: u64,
    feeds: [Option<Arc<CachedFeed>>; 3],
}

/// What [`FeedCache::lookup`] found.
#[derive(Debug)]
pub(crate) enum Lookup {
    Hit(Arc<CachedFeed>),
    Miss(Generation),
}

/// The state of the notes for which a feed is put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generation(u64);

impl FeedCache {
    /// The feed, or what [`FeedCache::store`] wants to know. Look it up before reading the notes.
    pub(crate) fn lookup(&self, kind: FeedKind) -> Lookup {
        let state = self.state();
        match &state.feeds[kind as usize] {
            Some(feed) => Lookup::Hit(Arc::clone(feed)),
            None => Lookup::Miss(Generation(state.generation)),
        }
    }

    /// Keeps the feed, unless a note has changed since the lookup: then it may be of the time before.
    pub(crate) fn store(&self, kind: FeedKind, generation: Generation, feed: &Arc<CachedFeed>) {
        let mut state = self.state();
        if state.generation == generation.0 {
            state.feeds[kind as usize] = Some(Arc::clone(feed));
        }
    }

    /// Forgets all feeds. To be called after every change of a note.
    pub(crate) fn invalidate(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.feeds = Default::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn miss(cache: &FeedCache, kind: FeedKind) -> Generation {
        match cache.lookup(kind) {
            Lookup::Miss(generation) => generation,
            Lookup::Hit(feed) => panic!("unexpected {feed:?}"),
        }
    }

    fn feed(text: &str) -> Arc<CachedFeed> {
        Arc::new(CachedFeed::new(text.to_owned()))
    }

    #[test]
    fn stored_feed_is_found_under_its_format_only() {
        let cache = FeedCache::default();
        let generation = miss(&cache, FeedKind::Atom);
        cache.store(FeedKind::Atom, generation, &feed("atom"));
        assert!(matches!(cache.lookup(FeedKind::Atom), Lookup::Hit(feed) if feed.body == "atom"));
        miss(&cache, FeedKind::Rss);
        miss(&cache, FeedKind::Json);
    }

    #[test]
    fn change_forgets_every_feed() {
        let cache = FeedCache::default();
        for kind in [FeedKind::Rss, FeedKind::Atom, FeedKind::Json] {
            cache.store(kind, miss(&cache, kind), &feed("old"));
        }
        cache.invalidate();
        for kind in [FeedKind::Rss, FeedKind::Atom, FeedKind::Json] {
            miss(&cache, kind);
        }
    }

    #[test]
    fn feed_read_before_a_change_is_not_kept_after_it() {
        let cache = FeedCache::default();
        let generation = miss(&cache, FeedKind::Rss);
        cache.invalidate();
        cache.store(FeedKind::Rss, generation, &feed("old"));
        miss(&cache, FeedKind::Rss);
    }

    #[test]
    fn same_bytes_have_the_same_tag_and_others_another() {
        assert_eq!(feed("a").etag, feed("a").etag);
        assert!(feed("a").etag.strong_ne(&feed("b").etag));
    }
}
