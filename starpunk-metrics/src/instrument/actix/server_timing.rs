//! What a response took, told to the tools of the browser.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::instrument::actix::middleware::Settings;
use crate::model::clock::{Ticks, scale};
use crate::model::request::Request;
use crate::model::trace::milliseconds;

static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds `Server-Timing`, if that is wanted, to what is there: <https://www.w3.org/TR/server-timing/>.
#[inline]
pub(crate) fn tell(headers: &mut HeaderMap, request: &Request, settings: &Settings, counts: bool) {
    if settings.server_timing() {
        add(headers, request, counts);
    }
}

fn add(headers: &mut HeaderMap, request: &Request, counts: bool) {
    let total = milliseconds(request.start.until(Ticks::now()));
    let mut told = format!("total;dur={total:.1}");
    // Where nothing is measured nothing was counted, and 0 would be wrong.
    if counts {
        let statements = request.statements();
        let database = milliseconds(scale(request.statement_ticks()));
        let queries = if statements == 1 { "query" } else { "queries" };
        told.push_str(&format!(
            ", db;dur={database:.1};desc=\"{statements} {queries}\""
        ));
    }
    if let Ok(value) = HeaderValue::from_str(&told) {
        headers.append(SERVER_TIMING.clone(), value);
    }
}
