//! The last words of a pipeline.

use std::fmt;

use crate::model::gauges::DropReason;

/// What became of what was recorded, as `Metrics::shutdown` found it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Operations that were collected since the start, as `MetricsStats::total_count`.
    pub flushed: u64,
    /// Records that could not be kept, all reasons together.
    pub dropped: u64,
    /// The same by reason; reasons without a loss are left out.
    pub dropped_by_reason: Vec<(DropReason, u64)>,
    /// Whether the time ran out before everything was collected.
    pub timed_out: bool,
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "metrics: {} operations flushed, {} records dropped",
            self.flushed, self.dropped
        )?;
        for (number, (reason, count)) in self.dropped_by_reason.iter().enumerate() {
            let before = if number == 0 { " (" } else { ", " };
            write!(f, "{before}{}: {count}", reason.as_str())?;
        }
        if !self.dropped_by_reason.is_empty() {
            f.write_str(")")?;
        }
        if self.timed_out {
            f.write_str(", not everything was collected in time")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_its_losses_by_reason() {
        let report = ShutdownReport {
            flushed: 7,
            dropped: 3,
            dropped_by_reason: vec![(DropReason::ChannelFull, 2), (DropReason::Stopped, 1)],
            timed_out: true,
        };
        assert_eq!(
            report.to_string(),
            "metrics: 7 operations flushed, 3 records dropped (channel_full: 2, stopped: 1), \
             not everything was collected in time"
        );
    }
}
