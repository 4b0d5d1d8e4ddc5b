//! Requests in process: each is made anew and its body read to the end, as actix's dispatcher does.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use actix_http::{Request, Response};
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{ACCEPT, HOST, HeaderName, HeaderValue, USER_AGENT};
use actix_web::rt::task;
use actix_web::{Error, HttpResponse, web};
use starpunk_metrics::{HttpMetrics, Metrics};

async fn note(id: web::Path<u32>) -> HttpResponse {
    HttpResponse::Ok().body(id.to_string())
}

/// As a handler is that asks someone else first.
async fn note_from_elsewhere(id: web::Path<u32>) -> HttpResponse {
    task::yield_now().await;
    note(id).await
}

async fn other() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// The pages of a small site.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(other))
        .route("/about", web::get().to(other))
        .route("/feed.xml", web::get().to(other))
        .route("/tags", web::get().to(other))
        .route("/tags/{tag}", web::get().to(other))
        .route("/search", web::get().to(other))
        .route("/notes", web::get().to(other))
        .route("/notes", web::post().to(other))
        .route("/notes/{id}", web::get().to(note))
        .route("/notes/{id}/elsewhere", web::get().to(note_from_elsewhere));
}

/// A browser asks for `uri`.
pub fn request(uri: Uri) -> Request {
    // Of a pool, as the dispatcher takes it.
    let mut request = Request::new();
    let head = request.head_mut();
    head.uri = uri;
    let headers: [(HeaderName, &'static str); 3] = [
        (HOST, "localhost"),
        (USER_AGENT, "bench"),
        (ACCEPT, "text/html"),
    ];
    for (name, value) in headers {
        head.headers.insert(name, HeaderValue::from_static(value));
    }
    request
}

/// Has `request` answered and reads the body.
pub async fn answer<S, B>(service: &S, request: Request)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = immediately(pin!(service.call(request))).await;
    let response = Response::from(response.expect("none of these fails"));
    let (_head, body) = response.into_parts();
    let mut body = pin!(body);
    let mut length = 0;
    while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        length += chunk.ok().expect("its bytes are there").len();
    }
    assert!(length > 0, "the handler was reached");
}

/// Polls a pending future again at once: the runtime's way back to it is a system call, the same for all, and longer than
/// what is looked for.
async fn immediately<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|cx| {
        loop {
            if let ready @ Poll::Ready(_) = future.as_mut().poll(cx) {
                return ready;
            }
        }
    })
    .await
}

/// As a worker has it: made for a pipeline, on a thread that has entered none.
pub fn ours(metrics: &Metrics) -> HttpMetrics {
    let _entered = metrics.enter();
    HttpMetrics::new()
}
