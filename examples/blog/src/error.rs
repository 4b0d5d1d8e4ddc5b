//! What can go wrong in a request, and how it is shown: [`BlogError`] as a page, [`ApiError`] as JSON.
//!
//! A client is told what it did wrong. What went wrong in here goes to the log and not to the client.

use std::error::Error as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;
use serde_json::json;
use starpunk_metrics::{Classify, RequestId};
use thiserror::Error;

use crate::draft::InvalidDraft;
use crate::views::ErrorPage;

/// Why a request has no ordinary answer.
#[derive(Debug, Error)]
pub(crate) enum BlogError {
    #[error(transparent)]
    InvalidDraft(#[from] InvalidDraft),
    #[error("{0}")]
    BadRequest(String),
    #[error("there is no such {0} here")]
    NotFound(&'static str),
    #[error(
        "no story of the request {0} is kept: it was nothing special and not sampled, it is left out, it has not ended, or \
         later ones have taken its place"
    )]
    NotKept(String),
    #[error("this address takes only {0}")]
    MethodNotAllowed(&'static str),
    #[error("the request is too large: at most {0} KiB are read")]
    TooLarge(usize),
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    #[error("no database connection became free in time")]
    NoConnection(#[from] r2d2::Error),
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    #[error("the work was cut off")]
    CutOff(#[from] actix_web::error::BlockingError),
    #[error("the page could not be put together")]
    Template(#[from] askama::Error),
    #[error("the feed could not be put together")]
    Feed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BlogError {
    /// What the client is told: the error's own words, or, for a failure of ours, no more than that.
    fn told(&self) -> String {
        match self.status_code() {
            StatusCode::INTERNAL_SERVER_ERROR => {
                "something went wrong on our side; the log of the server says what".to_owned()
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                "the blog is too busy at the moment; please try again in a while".to_owned()
            }
            _ => self.to_string(),
        }
    }

    fn response(&self) -> HttpResponseBuilder {
        let status = self.status_code();
        if status.is_server_error() {
            let chain = self.chain();
            match RequestId::current() {
                Some(id) => tracing::error!("{status} in request {id}: {chain}"),
                None => tracing::error!("{status}: {chain}"),
            }
        }
        let mut response = HttpResponse::build(status);
        if let Self::MethodNotAllowed(allowed) = self {
            response.insert_header((ALLOW, *allowed));
        }
        response
    }

    /// The error and its causes, in one line.
    pub(crate) fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            line.push_str(": ");
            line.push_str(&cause.to_string());
            source = cause.source();
        }
        line
    }
}

/// To what is measured an error is one that is our fault; a visitor who asks for what is not there is well served.
impl Classify for BlogError {
    fn error_class(&self) -> Option<&'static str> {
        match self.status_code() {
            StatusCode::SERVICE_UNAVAILABLE => Some("busy"),
            status => status.is_server_error().then_some("broken"),
        }
    }
}

impl ResponseError for BlogError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidDraft(_) | Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) | Self::NotKept(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoConnection(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::CutOff(_) | Self::Template(_) | Self::Feed(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    fn error_response(&self) -> HttpResponse {
        let message = self.told();
        let status = self.status_code();
        let page = ErrorPage {
            status,
            message: &message,
            // Of what failed here, the story is always kept.
            story: RequestId::current().filter(|_| status.is_server_error()),
        };
        let mut response = self.response();
        match page.render() {
            Ok(html) => response
                .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
                .body(html),
            Err(_) => response.body(message),
        }
    }
}

/// A [`BlogError`] whose reader is a program.
#[derive(Debug, Error)]
#[error(transparent)]
pub(crate) struct ApiError(BlogError);

impl<E: Into<BlogError>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        self.0.response().json(json!({ "error": self.0.told() }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;

    use super::*;

    fn body(response: HttpResponse) -> String {
        let bytes = response.into_body().try_into_bytes().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn failure_of_ours_is_not_told_to_the_client() {
        let secret = "no such table: secret";
        let failure = || {
            BlogError::from(rusqlite::Error::ToSqlConversionFailure(
                secret.to_owned().into(),
            ))
        };
        assert!(failure().chain().contains(secret));
        assert!(!body(failure().error_response()).contains("secret"));
        assert!(!body(ApiError::from(failure()).error_response()).contains("secret"));
    }

    #[test]
    fn message_is_escaped_in_the_page() {
        let error = BlogError::BadRequest("<script>".to_owned());
        let html = body(error.error_response());
        assert!(!html.contains("<script>"));
        assert!(html.contains("&#60;script&#62;"), "{html}");
    }

    #[test]
    fn wrong_method_names_the_right_ones() {
        let response = BlogError::MethodNotAllowed("GET, HEAD").error_response();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers().get(ALLOW).unwrap(), "GET, HEAD");
    }
}
