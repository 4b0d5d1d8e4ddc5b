//! The variables of the environment: each with its default, and what it accepts.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::Config;
use crate::error::Error;

pub(crate) const MAX_BUFFER_SIZE: usize = 1_000_000;
/// Once is no repetition.
pub(crate) const MANY_TIMES: RangeInclusive<u32> = 2..=1_000_000;
pub(crate) const STATEMENTS: RangeInclusive<u32> = 1..=1_000_000;
const MAX_SHOWN_CHARACTERS: usize = 64;

pub(crate) const REPETITIONS: &str = "a whole number from 2 to 1000000";
pub(crate) const PATTERN: &str = "a pattern that is not empty, and a threshold above 0";
const SWITCH: &str = "true/false, 1/0, yes/no or on/off";
pub(crate) const THRESHOLD: &str = "a number of seconds above 0";
pub(crate) const RATE: &str = "a number from 0 to 1";
pub(crate) const COUNT: &str = "a whole number from 1 to 1000000";
pub(crate) const RECORDS: &str = COUNT;
pub(crate) const INTERVAL: &str = "a number of seconds, at least 1";

pub(crate) struct Variable {
    name: &'static str,
    default: &'static str,
    expected: &'static str,
    set: fn(&mut Config, &str) -> Option<()>,
}

pub(crate) const VARIABLES: [Variable; 9] = [
    Variable {
        name: "METRICS_ENABLED",
        default: "true",
        expected: SWITCH,
        set: |config, value| {
            config.enabled = switch(value)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_SLOW_QUERY_THRESHOLD",
        default: "1.0",
        expected: THRESHOLD,
        set: |config, value| {
            config.slow_query_threshold = seconds(value)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_SLOW_REQUEST_THRESHOLD",
        default: "1.0",
        expected: THRESHOLD,
        set: |config, value| {
            config.slow_request_threshold = seconds(value)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_SLOW_POLL_THRESHOLD",
        default: "0.01",
        expected: THRESHOLD,
        set: |config, value| {
            config.slow_poll_threshold = seconds(value)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_REPEATED_STATEMENTS",
        default: "5",
        expected: REPETITIONS,
        set: |config, value| {
            let times: u32 = value.parse().ok()?;
            config.repeated_statements = MANY_TIMES.contains(&times).then_some(times)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_MANY_STATEMENTS",
        default: "50",
        expected: COUNT,
        set: |config, value| {
            let statements: u32 = value.parse().ok()?;
            config.many_statements = STATEMENTS.contains(&statements).then_some(statements)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_SAMPLING_RATE",
        default: "1.0",
        expected: RATE,
        set: |config, value| {
            let rate: f64 = value.parse().ok()?;
            config.sampling_rate = (0.0..=1.0).contains(&rate).then_some(rate)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_BUFFER_SIZE",
        default: "1000",
        expected: RECORDS,
        set: |config, value| {
            let records: usize = value.parse().ok()?;
            config.buffer_size = (1..=MAX_BUFFER_SIZE)
                .contains(&records)
                .then_some(records)?;
            Some(())
        },
    },
    Variable {
        name: "METRICS_MEMORY_INTERVAL",
        default: "30",
        expected: INTERVAL,
        set: |config, value| {
            let interval = seconds(value)?;
            config.memory_interval = (interval >= Duration::from_secs(1)).then_some(interval)?;
            Some(())
        },
    },
];

impl Variable {
    pub(crate) fn apply(
        &self,
        lookup: &impl Fn(&str) -> Option<OsString>,
        config: &mut Config,
    ) -> Result<(), Error> {
        let Some(raw) = lookup(self.name) else {
            return Ok(());
        };
        let text = raw.to_string_lossy();
        let value = text.trim();
        if value.is_empty() || (self.set)(config, value).is_some() {
            return Ok(());
        }
        Err(Error::InvalidVariable {
            variable: self.name,
            value: text.chars().take(MAX_SHOWN_CHARACTERS).collect(),
            expected: self.expected,
            default: self.default,
        })
    }
}

fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A finite number of seconds that is more than zero nanoseconds and that a `Duration` can hold.
fn seconds(value: &str) -> Option<Duration> {
    let duration = Duration::try_from_secs_f64(value.parse().ok()?).ok()?;
    (!duration.is_zero()).then_some(duration)
}
