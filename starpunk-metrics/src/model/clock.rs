//! The clock of every measurement: raw ticks on the caller's thread, scaled to time by whoever reads them.
//!
//! A raw read costs about 10 ns where `std::time::Instant::now` costs 25; scaling is left to the collector.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

/// A monotonic instant in ticks of the fastest clock of this machine; only differences have a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticks(u64);

/// The clock, for whoever reads it more than once: it is looked up once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(&'static quanta::Clock);

impl Clock {
    #[inline]
    pub(crate) fn get() -> Self {
        Self(&CLOCK)
    }

    #[inline]
    pub(crate) fn now(self) -> Ticks {
        Ticks(self.0.raw())
    }
}

impl Ticks {
    pub(crate) const ZERO: Self = Self(0);

    #[inline]
    pub(crate) fn now() -> Self {
        Self(CLOCK.raw())
    }

    /// The ticks from `self` until `end`, for sums that are scaled once.
    #[inline]
    pub(crate) fn count_until(self, end: Self) -> u64 {
        end.0.saturating_sub(self.0)
    }

    #[inline]
    pub(crate) fn span_until(self, end: Self) -> TickSpan {
        TickSpan(self.count_until(end) as f32)
    }

    #[inline]
    pub(crate) fn after(self, span: TickSpan) -> Self {
        Self(self.0.saturating_add(span.count()))
    }

    /// So long before, as far as the clock goes back.
    pub(crate) fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(ticks_in(time)))
    }

    /// The time from `self` until `end`; zero where `end` is earlier.
    pub(crate) fn until(self, end: Self) -> Duration {
        Duration::from_nanos(self.nanos_until(end))
    }

    /// [`Ticks::until`] in nanoseconds, which is what is counted.
    #[inline]
    pub(crate) fn nanos_until(self, end: Self) -> u64 {
        CLOCK.delta_as_nanos(self.0, end.0)
    }
}

/// A number of ticks in half the room: at most one part in ten million off.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct TickSpan(f32);

impl TickSpan {
    pub(crate) const ZERO: Self = Self(0.0);

    pub(crate) fn of(ticks: u64) -> Self {
        Self(ticks as f32)
    }

    #[inline]
    pub(crate) fn count(self) -> u64 {
        // By way of a signed number, which the processor knows: so much is 97 years at 3 GHz.
        self.0 as i64 as u64
    }

    #[inline]
    pub(crate) fn reaches(self, limit: Self) -> bool {
        self.0 >= limit.0
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 <= 0.0
    }

    #[inline]
    pub(crate) fn duration(self) -> Duration {
        scale(self.count())
    }

    /// [`TickSpan::duration`] in nanoseconds, which is what is counted.
    #[inline]
    pub(crate) fn nanos(self) -> u64 {
        CLOCK.delta_as_nanos(0, self.count())
    }
}

impl std::ops::AddAssign for TickSpan {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// The time that a number of ticks takes.
pub(crate) fn scale(ticks: u64) -> Duration {
    Duration::from_nanos(CLOCK.delta_as_nanos(0, ticks))
}

/// How many ticks there are in a time.
pub(crate) fn ticks_in(time: Duration) -> u64 {
    static TICKS_PER_SECOND: LazyLock<f64> = LazyLock::new(|| {
        // So many that their time is exact enough.
        const MANY: u64 = 1 << 40;
        MANY as f64 / scale(MANY).as_secs_f64()
    });
    (time.as_secs_f64() * *TICKS_PER_SECOND) as u64
}

/// Calibrates the clock (up to 200 ms, once a process), so that no measured call pays for it.
pub(crate) fn calibrate() {
    LazyLock::force(&CLOCK);
}

/// A pair of readings taken together, from which wall-clock time is told for ticks around it.
///
/// Durations never come from the wall clock: it may be set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    ticks: Ticks,
    wall: WallTime,
}

/// A time of the wall clock, in the form in which it is cheap to make: nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WallTime(u64);

impl Anchor {
    /// The closest of three pairs: a thread may lose its processor between two readings, and times would be as far off.
    pub(crate) fn now() -> Self {
        let (first, second, third) = (Self::read(), Self::read(), Self::read());
        let closer = if second.1 < first.1 { second } else { first };
        if third.1 < closer.1 {
            third.0
        } else {
            closer.0
        }
    }

    /// A pair of readings, and how many ticks lie between.
    fn read() -> (Self, u64) {
        let ticks = Ticks::now();
        let wall = WallTime::from(SystemTime::now());
        (Self { ticks, wall }, ticks.count_until(Ticks::now()))
    }

    #[inline]
    pub(crate) fn wall_time(&self, at: Ticks) -> WallTime {
        let WallTime(wall) = self.wall;
        WallTime(if at >= self.ticks {
            wall.saturating_add(self.ticks.nanos_until(at))
        } else {
            wall.saturating_sub(at.nanos_until(self.ticks))
        })
    }
}

impl From<SystemTime> for WallTime {
    /// What lies before 1970 is that.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<WallTime> for SystemTime {
    fn from(WallTime(nanos): WallTime) -> Self {
        let time = UNIX_EPOCH.checked_add(Duration::from_nanos(nanos));
        time.unwrap_or(UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_backwards_is_zero_and_not_a_panic() {
        let earlier = Ticks::now();
        let later = Ticks(earlier.0 + 1_000_000);
        assert_eq!(later.until(earlier), Duration::ZERO);
        assert!(earlier.until(later) > Duration::ZERO);
    }

    #[test]
    fn wall_time_lies_on_both_sides_of_its_anchor() {
        let before = Ticks::now();
        let anchor = Anchor::now();
        let after = Ticks(anchor.ticks.0 + 1_000_000);
        assert!(anchor.wall_time(before) <= anchor.wall);
        assert!(anchor.wall_time(after) > anchor.wall);
    }

    #[test]
    fn wall_time_is_that_of_the_system() {
        let now = SystemTime::now();
        assert_eq!(SystemTime::from(WallTime::from(now)), now);
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(SystemTime::from(WallTime::from(before)), UNIX_EPOCH);
    }

    #[test]
    fn ticks_and_time_are_the_same_both_ways() {
        for time in [1_000, 1_000_000, 3_600_000_000_000].map(Duration::from_nanos) {
            let back = scale(ticks_in(time)).as_secs_f64();
            let expected = time.as_secs_f64();
            assert!(
                (back - expected).abs() < expected / 1_000.0,
                "{back} of {expected}"
            );
        }
    }
}
