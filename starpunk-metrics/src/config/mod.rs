//! The settings of a pipeline, from code or from the environment.

mod variables;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use crate::config::variables::{
    COUNT, INTERVAL, MANY_TIMES, MAX_BUFFER_SIZE, PATTERN, RATE, RECORDS, REPETITIONS, STATEMENTS,
    THRESHOLD, VARIABLES,
};
use crate::error::Error;
use crate::model::memory::AllocatorStats;
use crate::model::pattern::ShapePattern;

/// The settings of a pipeline.
///
/// | variable | default | accepts |
/// |---|---|---|
/// | `METRICS_ENABLED` | `true` | `true`/`false`, `1`/`0`, `yes`/`no`, `on`/`off` |
/// | `METRICS_SLOW_QUERY_THRESHOLD` | `1.0` | seconds > 0 |
/// | `METRICS_SLOW_REQUEST_THRESHOLD` | `1.0` | seconds > 0 |
/// | `METRICS_SLOW_POLL_THRESHOLD` | `0.01` | seconds > 0 |
/// | `METRICS_REPEATED_STATEMENTS` | `5` | 2 to 1,000,000 |
/// | `METRICS_MANY_STATEMENTS` | `50` | 1 to 1,000,000 |
/// | `METRICS_SAMPLING_RATE` | `1.0` | 0 to 1 |
/// | `METRICS_BUFFER_SIZE` | `1000` | 1 to 1,000,000 |
/// | `METRICS_MEMORY_INTERVAL` | `30` | seconds >= 1 |
///
/// A variable that is empty counts as left out.
///
/// ```
/// use std::time::Duration;
/// use starpunk_metrics::Config;
///
/// let config = Config::default()
///     .sampling_rate(0.1)
///     .slow_query_threshold(Duration::from_millis(200));
/// assert_eq!(config.buffer_size, 1000);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Whether anything is measured. Without, there is no thread and no channel; responses still carry an id.
    pub enabled: bool,
    /// From when on a statement is slow, and its record forced.
    pub slow_query_threshold: Duration,
    /// From when on statements of some shapes are slow, where that is another time than for the rest; see
    /// [`Config::slow_statement`].
    slow_statements: Vec<(ShapePattern, Duration)>,
    /// From how many times on that one request runs the same statement it is a finding.
    pub repeated_statements: u32,
    /// A request that runs more statements than that is a finding.
    pub many_statements: u32,
    /// From when on a request is slow, and its record forced.
    pub slow_request_threshold: Duration,
    /// From when on one poll of an annotated `async` function counts as blocking its executor; of a whole request from twice
    /// that on.
    pub slow_poll_threshold: Duration,
    /// The share of ordinary operations whose record is kept, 0 to 1. Counts are exact whatever it is.
    pub sampling_rate: f64,
    /// The capacity of each of the two buffers of records.
    pub buffer_size: usize,
    /// The time between two readings of the process's memory.
    pub memory_interval: Duration,
    /// The time for the application to come up before its memory counts as the baseline.
    pub memory_baseline_delay: Duration,
    /// Whether this pipeline runs in a test: memory is not read then.
    pub test_mode: bool,
    /// Asks the application's allocator for its numbers, at each reading of the memory.
    pub allocator_stats: Option<fn() -> AllocatorStats>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            slow_query_threshold: Duration::from_secs(1),
            slow_statements: Vec::new(),
            repeated_statements: 5,
            many_statements: 50,
            slow_request_threshold: Duration::from_secs(1),
            slow_poll_threshold: Duration::from_millis(10),
            sampling_rate: 1.0,
            buffer_size: 1_000,
            memory_interval: Duration::from_secs(30),
            memory_baseline_delay: Duration::from_secs(5),
            test_mode: false,
            allocator_stats: None,
        }
    }
}

impl Config {
    /// Reads the `METRICS_*` variables. It never fails: a value that is not understood gives a `tracing` warning that
    /// names the variable, the value and the default that is used instead.
    pub fn from_env() -> Self {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// Reads the `METRICS_*` variables.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidVariable`] for the first value that is not understood.
    pub fn try_from_env() -> Result<Self, Error> {
        Self::try_from_vars(|name| std::env::var_os(name))
    }

    /// Reads the variables as [`Config::from_env`] does, from anywhere: a file, a map in a test.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let mut config = Self::default();
        for variable in VARIABLES {
            if let Err(error) = variable.apply(&lookup, &mut config) {
                tracing::warn!(target: "starpunk_metrics", "{error}; the default is used");
            }
        }
        config
    }

    /// Reads the variables as [`Config::try_from_env`] does, from anywhere.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidVariable`] for the first value that is not understood.
    pub fn try_from_vars(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut config = Self::default();
        for variable in VARIABLES {
            variable.apply(&lookup, &mut config)?;
        }
        Ok(config)
    }

    /// Sets whether anything is measured.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Sets from when on a statement is slow; more than zero.
    #[must_use]
    pub fn slow_query_threshold(mut self, threshold: Duration) -> Self {
        self.slow_query_threshold = threshold;
        self
    }

    /// Sets from when on statements of one shape are slow, whatever the threshold for the rest; more than zero.
    ///
    /// `pattern` is the shape's name, such as `SELECT notes`, or its fingerprint, with `*` for anything, in any case. The
    /// first pattern that matches counts; `#[monitored_query(slow = ..)]` around the statement counts more.
    ///
    /// ```
    /// use std::time::Duration;
    /// use starpunk_metrics::Config;
    ///
    /// let config = Config::default()
    ///     .slow_statement("SELECT notes", Duration::from_millis(50))
    ///     .slow_statement("*audit_log*", Duration::from_secs(10));
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn slow_statement(mut self, pattern: &str, threshold: Duration) -> Self {
        let pattern = ShapePattern::new(pattern);
        self.slow_statements.push((pattern, threshold));
        self
    }

    /// Sets from how many times on that one request runs the same statement it is a finding; at least 2.
    #[must_use]
    pub fn repeated_statements(mut self, times: u32) -> Self {
        self.repeated_statements = times;
        self
    }

    /// Sets the number of statements in a request beyond which it is a finding; at least 1.
    #[must_use]
    pub fn many_statements(mut self, statements: u32) -> Self {
        self.many_statements = statements;
        self
    }

    /// Sets from when on a request is slow; more than zero.
    #[must_use]
    pub fn slow_request_threshold(mut self, threshold: Duration) -> Self {
        self.slow_request_threshold = threshold;
        self
    }

    /// Sets from when on one poll of an annotated `async` function counts as blocking; more than zero.
    #[must_use]
    pub fn slow_poll_threshold(mut self, threshold: Duration) -> Self {
        self.slow_poll_threshold = threshold;
        self
    }

    /// Sets the share of ordinary operations whose record is kept, 0 to 1.
    #[must_use]
    pub fn sampling_rate(mut self, rate: f64) -> Self {
        self.sampling_rate = rate;
        self
    }

    /// Sets the capacity of each of the two buffers, 1 to 1,000,000 records.
    #[must_use]
    pub fn buffer_size(mut self, records: usize) -> Self {
        self.buffer_size = records;
        self
    }

    /// Sets the time between two readings of the memory; at least a second.
    #[must_use]
    pub fn memory_interval(mut self, interval: Duration) -> Self {
        self.memory_interval = interval;
        self
    }

    /// Sets the time that the application has to come up before its memory counts as the baseline.
    #[must_use]
    pub fn memory_baseline_delay(mut self, delay: Duration) -> Self {
        self.memory_baseline_delay = delay;
        self
    }

    /// Sets whether this pipeline runs in a test: memory is not read then.
    #[must_use]
    pub fn test_mode(mut self, test_mode: bool) -> Self {
        self.test_mode = test_mode;
        self
    }

    /// Sets how the application's allocator is asked for its numbers.
    ///
    /// It runs on the collector thread. If it panics, it is not asked again.
    #[must_use]
    pub fn allocator_stats(mut self, ask: fn() -> AllocatorStats) -> Self {
        self.allocator_stats = Some(ask);
        self
    }

    /// From when on statements of some shapes are slow.
    pub(crate) fn slow_statement_thresholds(&self) -> Arc<[(ShapePattern, Duration)]> {
        self.slow_statements.as_slice().into()
    }

    /// Checks what builder methods and assignments may have set.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let refuse = |setting, value: String, expected| {
            Err(Error::InvalidSetting {
                setting,
                value,
                expected,
            })
        };
        if !(0.0..=1.0).contains(&self.sampling_rate) {
            return refuse("sampling_rate", self.sampling_rate.to_string(), RATE);
        }
        if !(1..=MAX_BUFFER_SIZE).contains(&self.buffer_size) {
            return refuse("buffer_size", self.buffer_size.to_string(), RECORDS);
        }
        if self.memory_interval < Duration::from_secs(1) {
            let value = format!("{:?}", self.memory_interval);
            return refuse("memory_interval", value, INTERVAL);
        }
        if !MANY_TIMES.contains(&self.repeated_statements) {
            let value = self.repeated_statements.to_string();
            return refuse("repeated_statements", value, REPETITIONS);
        }
        if !STATEMENTS.contains(&self.many_statements) {
            let value = self.many_statements.to_string();
            return refuse("many_statements", value, COUNT);
        }
        for (pattern, threshold) in &self.slow_statements {
            if pattern.is_empty() || threshold.is_zero() {
                return refuse(
                    "slow_statement",
                    format!("{pattern} {threshold:?}"),
                    PATTERN,
                );
            }
        }
        for (setting, threshold) in [
            ("slow_query_threshold", self.slow_query_threshold),
            ("slow_request_threshold", self.slow_request_threshold),
            ("slow_poll_threshold", self.slow_poll_threshold),
        ] {
            if threshold.is_zero() {
                return refuse(setting, "0".to_owned(), THRESHOLD);
            }
        }
        Ok(())
    }
}
