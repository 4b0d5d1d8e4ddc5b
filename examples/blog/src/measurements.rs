//! What was measured so far, for whoever runs the site: all of it for a program, and the parts that name a trouble, or
//! tell the story of a request, for a person.

mod findings;
mod requests;
mod statements;
mod story;

use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, ContentType, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use starpunk_metrics::{HttpMetrics, RequestId, Snapshot, get_snapshot, get_trace};

use crate::error::BlogError;
use crate::measurements::findings::{FindingList, FindingsPage};
use crate::measurements::requests::RequestsPage;
use crate::measurements::statements::StatementTable;
use crate::measurements::story::StoryPage;
use crate::views;

/// The route of one story. A client's own id may have slashes in it.
pub(crate) const STORY: &str = "/requests/{id:.+}";

/// Whoever looks at what was measured, or whether the site is alive, is no visitor: that would be measured most of all.
const LEFT_OUT: [&str; 6] = [
    "/health",
    "/metrics.json",
    "/findings",
    "/statements",
    "/requests",
    STORY,
];

type Answer = Result<HttpResponse, BlogError>;

/// Leaves the pages of this module out of what they show.
pub(crate) fn leave_out(http_metrics: HttpMetrics) -> HttpMetrics {
    LEFT_OUT
        .into_iter()
        .fold(http_metrics, HttpMetrics::exclude)
}

/// `GET /health`: for a load balancer, which asks every few seconds.
pub(crate) async fn health() -> Answer {
    Ok(shown(
        HttpResponse::Ok()
            .insert_header(ContentType::plaintext())
            .body("ok\n"),
    ))
}

/// `GET /metrics.json`.
pub(crate) async fn json() -> Answer {
    let snapshot = snapshot().await?;
    Ok(text(ContentType::json(), snapshot.to_json()))
}

/// `GET /findings`: for a browser with links to the stories, for a terminal as a text.
pub(crate) async fn findings(request: HttpRequest) -> Answer {
    let snapshot = snapshot().await?;
    if accepts(&request, "text/html") {
        let page = FindingsPage(&snapshot);
        return Ok(shown(views::html(StatusCode::OK, &page)?));
    }
    let list = FindingList(&snapshot);
    Ok(text(ContentType::plaintext(), list.to_string()))
}

/// `GET /statements`.
pub(crate) async fn statements() -> Answer {
    let table = StatementTable(&snapshot().await?).to_string();
    Ok(text(ContentType::plaintext(), table))
}

/// `GET /requests`: those whose story was kept.
pub(crate) async fn requests() -> Answer {
    let page = RequestsPage::of(&snapshot().await?);
    Ok(shown(views::html(StatusCode::OK, &page)?))
}

/// `GET /requests/{id}`: the story of one, by its `X-Request-ID`; as JSON where that is asked for.
pub(crate) async fn story(request: HttpRequest, id: web::Path<String>) -> Answer {
    let known: RequestId = id
        .parse()
        .map_err(|error| BlogError::BadRequest(format!("{error}")))?;
    let trace = starpunk_metrics::block(move || get_trace(known)).await?;
    let trace = trace.ok_or_else(|| BlogError::NotKept(id.into_inner()))?;
    if accepts(&request, "application/json") {
        return Ok(text(ContentType::json(), trace.to_json()));
    }
    let page = StoryPage::of(&trace);
    Ok(shown(views::html(StatusCode::OK, &page)?))
}

async fn snapshot() -> Result<Snapshot, BlogError> {
    // Where it may wait: the collector is asked, and has to answer.
    Ok(starpunk_metrics::block(get_snapshot).await?)
}

fn text(content_type: ContentType, body: String) -> HttpResponse {
    shown(HttpResponse::Ok().insert_header(content_type).body(body))
}

/// It is different the next time.
fn shown(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether the client names this kind of content. A browser does, and a program that takes anything does not.
fn accepts(request: &HttpRequest, kind: &str) -> bool {
    let accepted = request.headers().get(ACCEPT);
    accepted
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains(kind))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1_000.0)
}

/// The day and the time, to a millisecond, in UTC.
fn moment(at: SystemTime) -> String {
    let format = "%-d %b %H:%M:%S%.3f";
    DateTime::<Utc>::from(at).format(format).to_string()
}
