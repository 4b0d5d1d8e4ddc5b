//! The blog as the handlers see it: what can be done with notes and feeds, and what happens along with it.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use starpunk_metrics::business;

use crate::cache::{CachedFeed, FeedCache, FeedKind, Lookup};
use crate::db::Db;
use crate::draft::Draft;
use crate::error::BlogError;
use crate::notes::{self, Note};
use crate::syndication;

/// Number of notes in a feed.
const FEED_NOTES: usize = 20;

/// The name under which the hits and misses of the feed cache are counted.
const FEED_CACHE: &str = "feed";

/// The state that all threads of the server share.
#[derive(Debug)]
pub(crate) struct Blog {
    pub(crate) db: Db,
    feeds: Arc<FeedCache>,
    /// Scheme, host and port, without a slash at the end.
    base_url: String,
}

impl Blog {
    pub(crate) fn new(db: Db, base_url: String) -> Self {
        Self {
            db,
            feeds: Arc::default(),
            base_url,
        }
    }

    pub(crate) async fn create(&self, draft: Draft) -> Result<Note, BlogError> {
        self.change(move |conn| {
            let note = notes::create_note(conn, &draft, Utc::now())?;
            business::track_note_created(&note.slug, note.body.len());
            Ok(note)
        })
        .await
    }

    pub(crate) async fn update(&self, slug: String, draft: Draft) -> Result<Note, BlogError> {
        self.change(move |conn| {
            let note = notes::update_note(conn, &slug, &draft, Utc::now())?
                .ok_or(BlogError::NotFound("note"))?;
            business::track_note_updated(&note.slug, note.body.len());
            Ok(note)
        })
        .await
    }

    pub(crate) async fn delete(&self, slug: String) -> Result<(), BlogError> {
        self.change(move |conn| {
            if !notes::delete_note(conn, &slug)? {
                return Err(BlogError::NotFound("note"));
            }
            business::track_note_deleted(slug);
            Ok(())
        })
        .await
    }

    pub(crate) async fn find(&self, slug: String) -> Result<Note, BlogError> {
        self.db
            .run(move |conn| notes::find_note(conn, &slug)?.ok_or(BlogError::NotFound("note")))
            .await
    }

    /// The feed from the cache, or a new one.
    pub(crate) async fn feed(&self, kind: FeedKind) -> Result<Arc<CachedFeed>, BlogError> {
        let generation = match self.feeds.lookup(kind) {
            Lookup::Hit(feed) => {
                business::track_cache_hit(FEED_CACHE);
                return Ok(feed);
            }
            Lookup::Miss(generation) => generation,
        };
        business::track_cache_miss(FEED_CACHE);
        let start = Instant::now();
        let notes = self
            .db
            .run(|conn| Ok(notes::recent_notes(conn, FEED_NOTES, 0)?))
            .await?;
        let feed = Arc::new(CachedFeed::new(syndication::feed(
            kind,
            &self.base_url,
            &notes,
        )?));
        business::track_feed_generated(kind.name(), notes.len(), start.elapsed(), false);
        self.feeds.store(kind, generation, &feed);
        Ok(feed)
    }

    /// Runs a change of a note, which also says what happened: in there, and not after the await, because the handler
    /// is dropped if the client hangs up, while the note is still written.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut rusqlite::Connection) -> Result<T, BlogError> + Send + 'static,
    ) -> Result<T, BlogError> {
        let feeds = Arc::clone(&self.feeds);
        self.db
            .run(move |conn| {
                let changed = change(conn)?;
                feeds.invalidate();
                Ok(changed)
            })
            .await
    }
}
