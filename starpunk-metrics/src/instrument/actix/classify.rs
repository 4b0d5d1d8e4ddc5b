//! How a response or an error of actix is classified: by its status.
//!
//! Only what the server did wrong is an error: a client's mistake is a well-served request.

use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse};

use crate::instrument::outcome::Classify;
use crate::model::request_outcome::class_of_status;

/// A status of 500 and above is an error of that class.
impl<B> Classify for HttpResponse<B> {
    fn error_class(&self) -> Option<&'static str> {
        class_of(self.status())
    }
}

/// An error whose response has a status of 500 and above is one of that class.
impl Classify for Error {
    fn error_class(&self) -> Option<&'static str> {
        class_of(self.as_response_error().status_code())
    }
}

fn class_of(status: StatusCode) -> Option<&'static str> {
    status
        .is_server_error()
        .then(|| class_of_status(status.as_u16()))
}
