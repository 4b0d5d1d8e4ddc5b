//! How a request ended, as its server saw it.

use std::fmt;

use crate::model::operation::Outcome;

/// How a request ended.
///
/// What an [`Outcome`] says of any operation, this says of a request in its own words. What the client did wrong is well
/// served; what the server did wrong is an error; what nobody waited for is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RequestOutcome {
    /// The response went out whole, with a status below 400.
    Ok,
    /// The response went out whole, with a status of 4xx.
    ClientError,
    /// The response went out whole, with a status of 5xx.
    ServerError,
    /// A handler, a middleware or the body of the response panicked.
    Panic,
    /// It was dropped before its response had a head: the client had left, or the server was stopped.
    Cancelled,
    /// The response's body was dropped before its end: the client had left, or the server was stopped.
    AbortedBody,
    /// The response's body failed; its status had gone out already, or would have.
    BodyError,
    /// The connection was switched to another protocol (101), which is no response and has no duration.
    Upgrade,
}

impl RequestOutcome {
    /// Every outcome, in the order of [`RequestOutcome`].
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::ClientError,
        Self::ServerError,
        Self::Panic,
        Self::Cancelled,
        Self::AbortedBody,
        Self::BodyError,
        Self::Upgrade,
    ];

    /// Returns the outcome as a label, such as `client_error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Panic => "panic",
            Self::Cancelled => "cancelled",
            Self::AbortedBody => "aborted_body",
            Self::BodyError => "body_error",
            Self::Upgrade => "upgrade",
        }
    }

    /// Tells whether the server failed the client: a 5xx, a panic, or a body that broke off.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::ServerError | Self::Panic | Self::BodyError)
    }

    /// Nobody waited for its end, which is usually the client's choice.
    pub(crate) fn is_left(self) -> bool {
        matches!(self, Self::Cancelled | Self::AbortedBody)
    }

    /// What a whole response of this status is.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            500.. => Self::ServerError,
            400.. => Self::ClientError,
            101 => Self::Upgrade,
            _ => Self::Ok,
        }
    }

    /// The same for any operation; the class of a server's error is its status.
    pub(crate) fn outcome(self, status: Option<u16>) -> Outcome {
        match self {
            Self::Ok | Self::ClientError | Self::Upgrade => Outcome::Ok,
            Self::ServerError => Outcome::Error(class_of_status(status.unwrap_or(500))),
            Self::BodyError => Outcome::Error("body_error"),
            Self::Panic => Outcome::Panic,
            Self::Cancelled | Self::AbortedBody => Outcome::Cancelled,
        }
    }
}

impl fmt::Display for RequestOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The class of a server's error: its status, where that is one of the known ones.
pub(crate) fn class_of_status(status: u16) -> &'static str {
    match status {
        500 => "500",
        501 => "501",
        502 => "502",
        503 => "503",
        504 => "504",
        505 => "505",
        507 => "507",
        508 => "508",
        511 => "511",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_did_wrong_is_an_error() {
        for (status, outcome, told) in [
            (101, "upgrade", Outcome::Ok),
            (200, "ok", Outcome::Ok),
            (304, "ok", Outcome::Ok),
            (404, "client_error", Outcome::Ok),
            (500, "server_error", Outcome::Error("500")),
            (599, "server_error", Outcome::Error("5xx")),
        ] {
            let ended = RequestOutcome::of_status(status);
            assert_eq!(ended.as_str(), outcome);
            assert_eq!(ended.outcome(Some(status)), told);
        }
    }

    #[test]
    fn outcomes_are_listed_in_their_order() {
        for (at, outcome) in RequestOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, at);
        }
    }
}
