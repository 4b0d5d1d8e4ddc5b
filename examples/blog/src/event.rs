//! The business events of the blog, and the one place that they are reported to.

/// Something that happened in the blog's own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BlogEvent {
    NoteCreated,
    NoteUpdated,
    NoteDeleted,
    FeedGenerated,
    CacheHit,
    CacheMiss,
}

impl BlogEvent {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoteCreated => "note_created",
            Self::NoteUpdated => "note_updated",
            Self::NoteDeleted => "note_deleted",
            Self::FeedGenerated => "feed_generated",
            Self::CacheHit => "cache_hit",
            Self::CacheMiss => "cache_miss",
        }
    }
}

/// Reports that `event` happened.
pub(crate) fn record(event: BlogEvent) {
    tracing::debug!(event = event.name());
}
