use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use starpunk_metrics::{Config, Error, Metrics};

/// The settings that one variable gives.
fn with(variable: &str, value: &str) -> Result<Config, Error> {
    Config::try_from_vars(|name| (name == variable).then(|| OsString::from(value)))
}

/// Reads these values as `from_env` would, and returns the warnings it gave.
fn warnings(variables: &[(&str, &str)]) -> (Config, Vec<String>) {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let config = tracing::subscriber::with_default(subscriber, || {
        Config::from_vars(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| OsString::from(value))
        })
    });
    let bytes = log.0.lock().unwrap().clone();
    let lines = String::from_utf8(bytes).unwrap();
    (config, lines.lines().map(str::to_owned).collect())
}

#[test]
fn metrics_are_on_and_can_be_switched_off() {
    assert!(Config::default().enabled);
    for (value, enabled) in [
        ("true", true),
        ("1", true),
        ("Yes", true),
        ("ON", true),
        (" true ", true),
        ("", true),
        ("false", false),
        ("0", false),
        ("no", false),
        ("off", false),
    ] {
        assert_eq!(
            with("METRICS_ENABLED", value).unwrap().enabled,
            enabled,
            "{value}"
        );
    }
    assert!(with("METRICS_ENABLED", "maybe").is_err());
}

#[test]
fn thresholds_are_seconds_above_zero() {
    let default = Config::default();
    assert_eq!(default.slow_query_threshold, Duration::from_secs(1));
    assert_eq!(default.slow_request_threshold, Duration::from_secs(1));
    assert_eq!(default.slow_poll_threshold, Duration::from_millis(10));
    let config = with("METRICS_SLOW_QUERY_THRESHOLD", "0.25").unwrap();
    assert_eq!(config.slow_query_threshold, Duration::from_millis(250));
    let config = with("METRICS_SLOW_REQUEST_THRESHOLD", "3").unwrap();
    assert_eq!(config.slow_request_threshold, Duration::from_secs(3));
    let config = with("METRICS_SLOW_POLL_THRESHOLD", "0.001").unwrap();
    assert_eq!(config.slow_poll_threshold, Duration::from_millis(1));
    for bad in ["0", "-1", "NaN", "inf", "abc", "1e30", "1e-30", "1,5", "1s"] {
        for of in ["QUERY", "REQUEST", "POLL"] {
            let variable = format!("METRICS_SLOW_{of}_THRESHOLD");
            assert!(with(&variable, bad).is_err(), "{variable}={bad}");
        }
    }
}

#[test]
fn the_sampling_rate_is_a_share() {
    assert_eq!(Config::default().sampling_rate, 1.0);
    for (value, rate) in [("0", 0.0), ("0.1", 0.1), ("1", 1.0)] {
        assert_eq!(
            with("METRICS_SAMPLING_RATE", value).unwrap().sampling_rate,
            rate
        );
    }
    for bad in ["-0.1", "1.1", "NaN", "10%", "abc"] {
        assert!(with("METRICS_SAMPLING_RATE", bad).is_err(), "{bad}");
    }
}

#[test]
fn a_statement_is_repeated_from_twice_on() {
    assert_eq!(Config::default().repeated_statements, 5);
    let config = with("METRICS_REPEATED_STATEMENTS", "10").unwrap();
    assert_eq!(config.repeated_statements, 10);
    for bad in ["0", "1", "-2", "2.5", "1000001", "often"] {
        assert!(with("METRICS_REPEATED_STATEMENTS", bad).is_err(), "{bad}");
    }
    assert!(Metrics::scoped(Config::default().repeated_statements(1)).is_err());
}

#[test]
fn many_statements_are_more_than_a_number_above_zero() {
    assert_eq!(Config::default().many_statements, 50);
    let config = with("METRICS_MANY_STATEMENTS", "200").unwrap();
    assert_eq!(config.many_statements, 200);
    for bad in ["0", "-2", "2.5", "1000001", "lots"] {
        assert!(with("METRICS_MANY_STATEMENTS", bad).is_err(), "{bad}");
    }
    assert!(Metrics::scoped(Config::default().many_statements(0)).is_err());
}

#[test]
fn a_threshold_of_a_shape_has_a_pattern_and_is_above_zero() {
    let of = |pattern, seconds| {
        let config = Config::default().test_mode(true);
        Metrics::scoped(config.slow_statement(pattern, Duration::from_secs(seconds)))
    };
    assert!(of("SELECT notes", 1).is_ok());
    for (pattern, seconds) in [("", 1), ("  ", 1), ("SELECT notes", 0)] {
        let error = of(pattern, seconds).unwrap_err().to_string();
        assert!(error.contains("slow_statement"), "{error}");
    }
}

#[test]
fn the_buffer_has_a_size_within_bounds() {
    assert_eq!(Config::default().buffer_size, 1_000);
    for (value, size) in [("1", 1), ("1000000", 1_000_000)] {
        assert_eq!(
            with("METRICS_BUFFER_SIZE", value).unwrap().buffer_size,
            size
        );
    }
    for bad in ["0", "1000001", "-5", "1.5", "99999999999999999999999"] {
        assert!(with("METRICS_BUFFER_SIZE", bad).is_err(), "{bad}");
    }
}

#[test]
fn memory_is_read_at_an_interval_of_at_least_a_second() {
    assert_eq!(Config::default().memory_interval, Duration::from_secs(30));
    let config = with("METRICS_MEMORY_INTERVAL", "1.5").unwrap();
    assert_eq!(config.memory_interval, Duration::from_millis(1_500));
    for bad in ["0", "0.999", "-1", "NaN"] {
        assert!(with("METRICS_MEMORY_INTERVAL", bad).is_err(), "{bad}");
    }
}

#[test]
fn a_bad_value_gives_one_warning_that_says_what_to_do() {
    let (config, lines) = warnings(&[
        ("METRICS_SAMPLING_RATE", "abc"),
        ("METRICS_BUFFER_SIZE", "20"),
    ]);
    assert_eq!(config.sampling_rate, 1.0);
    assert_eq!(config.buffer_size, 20);
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in [
        "WARN",
        "METRICS_SAMPLING_RATE",
        "\"abc\"",
        "a number from 0 to 1",
        "1.0",
    ] {
        assert!(lines[0].contains(part), "{part} is missing in {}", lines[0]);
    }
}

#[test]
fn the_same_as_an_error_names_variable_value_and_default() {
    let error = with("METRICS_SLOW_QUERY_THRESHOLD", "-1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "METRICS_SLOW_QUERY_THRESHOLD is \"-1\"; set it to a number of seconds above 0, or leave it out for 1.0"
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused_and_not_a_panic() {
    use std::os::unix::ffi::OsStringExt;
    let config = Config::try_from_vars(|name| {
        (name == "METRICS_ENABLED").then(|| OsString::from_vec(vec![0xff, 0xfe]))
    });
    assert!(config.is_err());
}

#[test]
fn settings_from_code_are_checked_at_the_start() {
    for config in [
        Config::default().sampling_rate(f64::NAN),
        Config::default().sampling_rate(1.5),
        Config::default().buffer_size(0),
        Config::default().buffer_size(2_000_000),
        Config::default().slow_query_threshold(Duration::ZERO),
        Config::default().slow_request_threshold(Duration::ZERO),
        Config::default().memory_interval(Duration::from_millis(999)),
    ] {
        let error = Metrics::scoped(config).unwrap_err();
        assert!(error.to_string().contains("it must be"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_value_whatever_makes_reading_fail(value in any::<String>()) {
        let config = Config::from_vars(|_| Some(OsString::from(&value)));
        // What was read is valid, or the default.
        prop_assert!(Metrics::scoped(config.enabled(false)).is_ok());
    }
}
