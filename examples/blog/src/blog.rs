//! The blog as the handlers see it: what can be done with notes and feeds, and what happens along with it.

use std::sync::Arc;

use chrono::Utc;

use crate::cache::{CachedFeed, FeedCache, FeedKind, Lookup};
use crate::db::Db;
use crate::draft::Draft;
use crate::error::BlogError;
use crate::event::{self, BlogEvent};
use crate::notes::{self, Note};
use crate::syndication;

/// Number of notes in a feed.
const FEED_NOTES: usize = 20;

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
        self.change(BlogEvent::NoteCreated, move |conn| {
            notes::create_note(conn, &draft, Utc::now())
        })
        .await
    }

    pub(crate) async fn update(&self, slug: String, draft: Draft) -> Result<Note, BlogError> {
        self.change(BlogEvent::NoteUpdated, move |conn| {
            notes::update_note(conn, &slug, &draft, Utc::now())
        })
        .await
    }

    pub(crate) async fn delete(&self, slug: String) -> Result<(), BlogError> {
        self.change(BlogEvent::NoteDeleted, move |conn| {
            notes::delete_note(conn, &slug)
        })
        .await
    }

    pub(crate) async fn find(&self, slug: String) -> Result<Note, BlogError> {
        self.db.run(move |conn| notes::find_note(conn, &slug)).await
    }

    /// The feed from the cache, or a new one.
    pub(crate) async fn feed(&self, kind: FeedKind) -> Result<Arc<CachedFeed>, BlogError> {
        let generation = match self.feeds.lookup(kind) {
            Lookup::Hit(feed) => {
                event::record(BlogEvent::CacheHit);
                return Ok(feed);
            }
            Lookup::Miss(generation) => generation,
        };
        event::record(BlogEvent::CacheMiss);
        let notes = self
            .db
            .run(|conn| Ok(notes::recent_notes(conn, FEED_NOTES, 0)?))
            .await?;
        let feed = Arc::new(CachedFeed::new(syndication::feed(
            kind,
            &self.base_url,
            &notes,
        )?));
        event::record(BlogEvent::FeedGenerated);
        self.feeds.store(kind, generation, &feed);
        Ok(feed)
    }

    async fn change<T: Send + 'static>(
        &self,
        event: BlogEvent,
        change: impl FnOnce(&mut rusqlite::Connection) -> Result<T, BlogError> + Send + 'static,
    ) -> Result<T, BlogError> {
        let feeds = Arc::clone(&self.feeds);
        self.db
            .run(move |conn| {
                let changed = change(conn)?;
                // In here, and not after the await: if the client hangs up, the handler is dropped while the
                // note is still written.
                feeds.invalidate();
                event::record(event);
                Ok(changed)
            })
            .await
    }
}
