//! How a response or an error of actix is classified: by its status.
//!
//! Only what the server did wrong is an error: a client's mistake is a well-served request.

use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse};

use crate::instrument::outcome::Classify;

/// A status of 500 and above is an error of that class.
impl<B> Classify for HttpResponse<B> {
    fn error_class(&self) -> Option<&'static str> {
        class_of_status(self.status())
    }
}

/// An error whose response has a status of 500 and above is one of that class.
impl Classify for Error {
    fn error_class(&self) -> Option<&'static str> {
        class_of_status(self.as_response_error().status_code())
    }
}

pub(crate) fn class_of_status(status: StatusCode) -> Option<&'static str> {
    if !status.is_server_error() {
        return None;
    }
    Some(match status.as_u16() {
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
    })
}
