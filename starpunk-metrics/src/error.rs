//! What can go wrong when a pipeline is set up. Nothing goes wrong, for the application, after that.

/// Why a pipeline could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable of the environment has a value that is not understood.
    #[error("{variable} is {value:?}; set it to {expected}, or leave it out for {default}")]
    InvalidVariable {
        /// The name of the variable.
        variable: &'static str,
        /// Its value, cut after 64 characters.
        value: String,
        /// What it may be.
        expected: &'static str,
        /// The value that is used when it is left out.
        default: &'static str,
    },
    /// A setting of [`Config`](crate::Config) is out of its range.
    #[error("`{setting}` is {value}; it must be {expected}")]
    InvalidSetting {
        /// The name of the setting.
        setting: &'static str,
        /// What it was set to.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A network of trusted peers is not understood.
    #[error(
        "`{value}` is no network; write it as an address or in CIDR notation, such as 10.0.0.0/8 or fd00::/8"
    )]
    InvalidNetwork {
        /// What was written, cut after 64 characters.
        value: String,
    },
    /// `Metrics::start` was called while the process's pipeline is running.
    #[error(
        "metrics were started already; keep the first `Metrics`, shut it down before starting again, \
         or use `Metrics::scoped` in tests"
    )]
    AlreadyStarted,
    /// The system gave no thread for the collector.
    #[error(
        "the collector thread could not be started; the process may be at its limit of threads"
    )]
    Thread(#[source] std::io::Error),
}
