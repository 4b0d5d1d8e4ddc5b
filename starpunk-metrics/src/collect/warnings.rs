//! Says in the log what was slow, but not more often than somebody can read.

use std::time::{Duration, Instant};

use crate::model::callsite::Callsite;
use crate::model::event::Event;
use crate::model::names::Names;

/// How many slow statements are told of in a second; the rest are counted.
const MAX_PER_SECOND: u32 = 5;

#[derive(Debug)]
pub(crate) struct SlowWarnings {
    /// Where the current second began.
    since: Instant,
    told: u32,
    untold: u64,
}

impl Default for SlowWarnings {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            told: 0,
            untold: 0,
        }
    }
}

impl SlowWarnings {
    /// Tells of one slow statement.
    pub(crate) fn warn(&mut self, event: &Event, names: &Names) {
        let Event::Statement(statement) = event else {
            return;
        };
        if self.since.elapsed() >= Duration::from_secs(1) {
            self.since = Instant::now();
            self.told = 0;
        }
        if self.told >= MAX_PER_SECOND {
            self.untold += 1;
            return;
        }
        self.told += 1;
        let known = names.shapes.get(u32::from(statement.shape));
        tracing::warn!(
            target: "starpunk_metrics",
            duration_ms = milliseconds(statement.duration()),
            statement = &*known.shape.fingerprint,
            rows = statement.rows,
            function = statement.function.map(Callsite::name),
            request_id = statement.request.map(tracing::field::display),
            not_told = Some(std::mem::take(&mut self.untold)).filter(|untold| *untold > 0),
            "slow statement"
        );
    }

    /// Tells how many were not told of, once nothing slow has come for a while to tell it with.
    pub(crate) fn warn_of_rest(&mut self) {
        if self.since.elapsed() >= Duration::from_secs(1) {
            self.warn_of_last();
        }
    }

    /// Tells how many were not told of: nothing follows.
    pub(crate) fn warn_of_last(&mut self) {
        if self.untold > 0 {
            tracing::warn!(
                target: "starpunk_metrics",
                not_told = std::mem::take(&mut self.untold),
                "more slow statements"
            );
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    // To the microsecond: more is noise, and does not read well.
    (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
