//! What was measured so far, for whoever runs the site: all of it for a program, and the parts that name a trouble for
//! a person.

mod findings;
mod statements;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use starpunk_metrics::{Snapshot, get_snapshot};

use crate::error::BlogError;
use crate::measurements::findings::FindingList;
use crate::measurements::statements::StatementTable;

/// `GET /metrics.json`.
pub(crate) async fn json() -> Result<HttpResponse, BlogError> {
    show(ContentType::json(), |snapshot| snapshot.to_json()).await
}

/// `GET /findings`.
pub(crate) async fn findings() -> Result<HttpResponse, BlogError> {
    show(ContentType::plaintext(), |snapshot| {
        FindingList(snapshot).to_string()
    })
    .await
}

/// `GET /statements`.
pub(crate) async fn statements() -> Result<HttpResponse, BlogError> {
    show(ContentType::plaintext(), |snapshot| {
        StatementTable(snapshot).to_string()
    })
    .await
}

async fn show(
    content_type: ContentType,
    write: fn(&Snapshot) -> String,
) -> Result<HttpResponse, BlogError> {
    // Where it may wait: the collector is asked, and has to answer.
    let snapshot = starpunk_metrics::block(get_snapshot).await?;
    Ok(HttpResponse::Ok()
        .insert_header(content_type)
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(write(&snapshot)))
}
