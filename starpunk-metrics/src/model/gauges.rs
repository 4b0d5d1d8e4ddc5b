//! The few numbers that both sides of the channel touch, as plain atomics.
//!
//! Relaxed, where nothing else is said: each is a number of its own, and guards no other memory.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, Ordering::Relaxed};

/// Why something that was recorded could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The channel was full: the operation was counted, but its ordinary record was not kept.
    ChannelFull,
    /// A forced record gave way to newer forced ones while the channel was full; the operation was counted.
    ForcedOverflow,
    /// The operation ended after `shutdown`, or while its thread was ending; it was not counted.
    Stopped,
    /// The collector panicked and started again: what it held is gone.
    CollectorPanic,
}

impl DropReason {
    /// Every reason, in the order of [`DropReason`].
    pub const ALL: [Self; 4] = [
        Self::ChannelFull,
        Self::ForcedOverflow,
        Self::Stopped,
        Self::CollectorPanic,
    ];

    /// Returns the reason as a label: `channel_full`, `forced_overflow`, `stopped` or `collector_panic`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChannelFull => "channel_full",
            Self::ForcedOverflow => "forced_overflow",
            Self::Stopped => "stopped",
            Self::CollectorPanic => "collector_panic",
        }
    }
}

/// Shared by the recording threads and the collector of one pipeline.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    dropped: [AtomicU64; DropReason::ALL.len()],
    requests_in_flight: AtomicU64,
    unattributed: AtomicU64,
    request_ids_refused: AtomicU64,
    heartbeats: AtomicU64,
    restarts: AtomicU64,
    hooks_replaced: AtomicU64,
    /// The bytes of the larger rings of all threads.
    queue_room: AtomicUsize,
}

impl Gauges {
    /// So large a ring every thread may have.
    pub(crate) const FREE_QUEUE_BYTES: usize = 4 * 1024;

    /// So much may the larger ones of all threads take together.
    pub(crate) const MOST_QUEUE_BYTES: usize = 2 * 1024 * 1024;

    /// Takes room for a larger ring; `false` where there is none.
    pub(crate) fn take_queue_room(&self, bytes: usize) -> bool {
        let taken = self.queue_room.fetch_add(bytes, Relaxed);
        let fits = taken.saturating_add(bytes) <= Self::MOST_QUEUE_BYTES;
        if !fits {
            self.queue_room.fetch_sub(bytes, Relaxed);
        }
        fits
    }

    /// Gives back what a ring of this size had taken.
    pub(crate) fn give_queue_room(&self, bytes: usize) {
        if bytes > Self::FREE_QUEUE_BYTES {
            self.queue_room.fetch_sub(bytes, Relaxed);
        }
    }

    pub(crate) fn count_dropped(&self, reason: DropReason, records: u64) {
        self.dropped[reason as usize].fetch_add(records, Relaxed);
    }

    pub(crate) fn dropped(&self) -> Vec<(DropReason, u64)> {
        DropReason::ALL
            .map(|reason| (reason, self.dropped[reason as usize].load(Relaxed)))
            .to_vec()
    }

    pub(crate) fn total_dropped(&self) -> u64 {
        self.dropped.iter().map(|count| count.load(Relaxed)).sum()
    }

    pub(crate) fn request_started(&self) {
        self.requests_in_flight.fetch_add(1, Relaxed);
    }

    /// Release, and Acquire below: whoever sees the request gone also sees the record it left.
    pub(crate) fn request_ended(&self) {
        self.requests_in_flight.fetch_sub(1, Ordering::Release);
    }

    #[inline]
    pub(crate) fn requests_in_flight(&self) -> u64 {
        self.requests_in_flight.load(Ordering::Acquire)
    }

    /// Counts what belongs to no request, if there are some: its context was lost on the way.
    #[inline]
    pub(crate) fn count_if_unattributed(&self) {
        if self.requests_in_flight() > 0 {
            self.unattributed.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn unattributed(&self) -> u64 {
        self.unattributed.load(Relaxed)
    }

    /// A client sent an id that is none.
    pub(crate) fn count_refused_request_id(&self) {
        self.request_ids_refused.fetch_add(1, Relaxed);
    }

    pub(crate) fn request_ids_refused(&self) -> u64 {
        self.request_ids_refused.load(Relaxed)
    }

    pub(crate) fn beat(&self) {
        self.heartbeats.fetch_add(1, Relaxed);
    }

    pub(crate) fn heartbeats(&self) -> u64 {
        self.heartbeats.load(Relaxed)
    }

    pub(crate) fn count_restart(&self) {
        self.restarts.fetch_add(1, Relaxed);
    }

    /// A connection was given back whose hook another one had replaced.
    pub(crate) fn count_replaced_hook(&self) {
        self.hooks_replaced.fetch_add(1, Relaxed);
    }

    pub(crate) fn hooks_replaced(&self) -> u64 {
        self.hooks_replaced.load(Relaxed)
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Relaxed)
    }
}
