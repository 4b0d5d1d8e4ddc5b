//! How the `async` calls of one place used their executor. Sums, so they add up.

use std::time::Duration;

/// What the polls of one series of `async` calls did.
///
/// While a future is polled its executor runs nothing else on that thread: a call whose time is in few long polls blocks
/// it, however short the call is; one whose time lies between its polls waits, and blocks nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollStats {
    /// How many calls were `async`.
    pub calls: u64,
    /// The time in all their polls.
    pub busy: Duration,
    /// The longest single poll.
    pub longest: Duration,
    /// How many calls had a poll of at least `Config::slow_poll_threshold`.
    pub blocking: u64,
}

impl PollStats {
    pub(crate) fn observe(&mut self, busy: Duration, longest: Duration, blocking: bool) {
        self.merge(&Self {
            calls: 1,
            busy,
            longest,
            blocking: u64::from(blocking),
        });
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.busy = self.busy.saturating_add(other.busy);
        self.longest = self.longest.max(other.longest);
        self.blocking += other.blocking;
    }
}
