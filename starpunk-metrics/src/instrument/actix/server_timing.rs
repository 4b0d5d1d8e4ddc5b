//! What a response took, told to the tools of the browser.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::instrument::actix::middleware::Settings;
use crate::model::clock::{Ticks, scale};
use crate::model::request::Request;

static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds `Server-Timing`, if that is wanted, to what is there: <https://www.w3.org/TR/server-timing/>.
pub(crate) fn tell(headers: &mut HeaderMap, request: &Request, settings: &Settings) {
    if !settings.server_timing() {
        return;
    }
    let total = request.start.until(Ticks::now());
    let statements = request.statements();
    let database = scale(request.statement_ticks());
    let plural = if statements == 1 { "query" } else { "queries" };
    let told = format!(
        "total;dur={:.1}, db;dur={:.1};desc=\"{statements} {plural}\"",
        total.as_secs_f64() * 1_000.0,
        database.as_secs_f64() * 1_000.0,
    );
    if let Ok(value) = HeaderValue::from_str(&told) {
        headers.append(SERVER_TIMING.clone(), value);
    }
}
