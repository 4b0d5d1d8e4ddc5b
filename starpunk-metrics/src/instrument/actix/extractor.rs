//! The id of the request at hand, as an argument of a handler.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ErrorInternalServerError;
use actix_web::{Error, FromRequest, HttpRequest};

use crate::model::request_id::RequestId;

/// ```
/// use actix_web::{HttpResponse, Responder, get};
/// use starpunk_metrics::RequestId;
///
/// #[get("/")]
/// async fn index(id: RequestId) -> impl Responder {
///     HttpResponse::Ok().body(format!("this is request {id}"))
/// }
/// ```
///
/// Fails with a 500 that says so where the App is not wrapped in `HttpMetrics`.
impl FromRequest for RequestId {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(_request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::current().ok_or_else(|| {
            ErrorInternalServerError(
                "this request has no id; wrap the App in `starpunk_metrics::HttpMetrics`",
            )
        }))
    }
}
