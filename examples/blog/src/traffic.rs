//! The built-in client: sends a known sequence of requests over one connection, and checks every answer.
//!
//! What a request does to the server is known before it is sent: the table is in [`step`]. So what was measured of it
//! can be checked afterwards, number by number.

mod comparison;
mod report;
mod script;
mod step;
mod totals;

pub(crate) use comparison::Difference;
pub(crate) use report::Report;

use std::time::{Duration, Instant};

use thiserror::Error;
use ureq::Agent;
use ureq::http::{self, Response, StatusCode, header};

use crate::allocator::heap;
use crate::traffic::script::{Reply, Request, Script};
use crate::traffic::step::Content;
use crate::traffic::totals::Totals;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Why the traffic ended too early.
#[derive(Debug, Error)]
pub(crate) enum TrafficError {
    #[error(
        "request {number}, {method} {path}: expected status {expected}, and the answer was {got}"
    )]
    Status {
        number: u64,
        method: &'static str,
        path: String,
        expected: u16,
        got: StatusCode,
    },
    #[error("request {number}, {method} {path}: {source}")]
    Transport {
        number: u64,
        method: &'static str,
        path: String,
        source: ureq::Error,
    },
}

/// Sends exactly `count` requests to the server at `base_url`, which nobody else may be using.
pub(crate) fn send(base_url: &str, count: u64) -> Result<Totals, TrafficError> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections_per_host(1)
        .timeout_global(Some(TIMEOUT))
        .user_agent("blog-traffic")
        .build()
        .into();

    let mut script = Script::default();
    let mut totals = Totals::default();
    let heap_before = heap();
    let start = Instant::now();
    for number in 1..=count {
        let request = script.next();
        let response =
            exchange(&agent, base_url, &request).map_err(|source| TrafficError::Transport {
                number,
                method: request.expected.method,
                path: request.path.clone(),
                source,
            })?;
        if response.status() != request.expected.status {
            return Err(TrafficError::Status {
                number,
                method: request.expected.method,
                path: request.path,
                expected: request.expected.status,
                got: response.status(),
            });
        }
        script.learn(Reply {
            location: header_text(&response, header::LOCATION),
            etag: header_text(&response, header::ETAG),
        });
        totals.add(&request.expected);
    }
    totals.finish(start.elapsed(), heap_before, heap());
    Ok(totals)
}

fn exchange(agent: &Agent, base_url: &str, request: &Request) -> Result<Response<()>, ureq::Error> {
    let mut builder = http::Request::builder()
        .method(request.expected.method)
        .uri(format!("{base_url}{}", request.path));
    if let Some(etag) = &request.if_none_match {
        builder = builder.header(header::IF_NONE_MATCH, etag);
    }
    let response = match &request.content {
        Content::None => agent.run(builder.body(())?),
        Content::Form(form) => agent.run(
            builder
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.as_str())?,
        ),
        Content::Json(json) => agent.run(
            builder
                .header(header::CONTENT_TYPE, "application/json")
                .body(json.as_str())?,
        ),
    }?;
    let (parts, mut body) = response.into_parts();
    // Only a connection whose answer has been read to its end can carry the next request.
    body.read_to_vec()?;
    Ok(Response::from_parts(parts, ()))
}

fn header_text(response: &Response<()>, name: header::HeaderName) -> Option<String> {
    let value = response.headers().get(name)?.to_str().ok()?;
    Some(value.to_owned())
}
