//! Business events of a site of notes, ready-made; all forced.
//!
//! They are what StarPunk, where this library comes from, counts. For an application's own there is
//! [`track_business`](crate::track_business).

use std::time::Duration;

use crate::model::callsite::{CallKind, Callsite};
use crate::model::clock::Ticks;
use crate::model::event::{Call, CallFlags, Detail, Polls};
use crate::model::field::{Field, Value};
use crate::model::operation::OutcomeKind;
use crate::model::wide_event::WideEvent;
use crate::record::current;

static NOTE_CREATED: Callsite = Callsite::new(CallKind::Business, || "note_created");
static NOTE_UPDATED: Callsite = Callsite::new(CallKind::Business, || "note_updated");
static NOTE_DELETED: Callsite = Callsite::new(CallKind::Business, || "note_deleted");
static FEED_GENERATED: Callsite = Callsite::new(CallKind::Business, || "feed_generated");
static CACHE_HIT: Callsite = Callsite::new(CallKind::Business, || "cache_hit");
static CACHE_MISS: Callsite = Callsite::new(CallKind::Business, || "cache_miss");

/// Records that a note was created: `note_created`, with its identity and the length of its content in bytes.
pub fn track_note_created(note: impl Into<Value>, content_length: usize) {
    track(&NOTE_CREATED, Duration::ZERO, || {
        [
            ("note", note.into()),
            ("content_length", content_length.into()),
        ]
    });
}

/// Records that a note was updated: `note_updated`, with its identity and the length of its content in bytes.
pub fn track_note_updated(note: impl Into<Value>, content_length: usize) {
    track(&NOTE_UPDATED, Duration::ZERO, || {
        [
            ("note", note.into()),
            ("content_length", content_length.into()),
        ]
    });
}

/// Records that a note was deleted: `note_deleted`, with its identity.
pub fn track_note_deleted(note: impl Into<Value>) {
    track(&NOTE_DELETED, Duration::ZERO, || [("note", note.into())]);
}

/// Records that a feed was generated, or taken from a cache: `feed_generated`, with its format, how many items it has, how long it took to
/// make, and whether it came from a cache.
pub fn track_feed_generated(format: &str, items: usize, duration: Duration, cached: bool) {
    track(&FEED_GENERATED, duration, || {
        [
            ("format", format.into()),
            ("items", items.into()),
            ("cached", cached.into()),
        ]
    });
}

/// Records that a cache had what was asked for: `cache_hit`, with the name of the cache.
pub fn track_cache_hit(cache: &str) {
    track(&CACHE_HIT, Duration::ZERO, || [("cache", cache.into())]);
}

/// Records that a cache did not have what was asked for: `cache_miss`, with the name of the cache.
pub fn track_cache_miss(cache: &str) {
    track(&CACHE_MISS, Duration::ZERO, || [("cache", cache.into())]);
}

fn track<const N: usize>(
    site: &'static Callsite,
    duration: Duration,
    fields: impl FnOnce() -> [Field; N],
) {
    if !current::has_pipeline() {
        return;
    }
    // Outside of `with_current`: what becomes a value is the application's, and may record something itself.
    let detail = Detail {
        duration: Some(duration),
        error_class: None,
        fields: fields().into(),
    };
    current::with_current(|current| {
        current.count_if_unattributed();
        let end = Ticks::now();
        let call = Call {
            site,
            start: end,
            end,
            request: current.request_id(),
            detail: None,
            statements: 0,
            polls: Polls::default(),
            flags: CallFlags::SAMPLED.and(CallFlags::LATE, current.is_late()),
            outcome: OutcomeKind::Ok,
        };
        current.post_wide(WideEvent::Call(call, detail));
    });
}
