//! What was measured so far, for whoever runs the site.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use starpunk_metrics::get_snapshot;

use crate::error::BlogError;

/// `GET /metrics.json`.
pub(crate) async fn json() -> Result<HttpResponse, BlogError> {
    // Where it may wait: the collector is asked, and has to answer.
    let snapshot = starpunk_metrics::block(get_snapshot).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(snapshot.to_json()))
}
