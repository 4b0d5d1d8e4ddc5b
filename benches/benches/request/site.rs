//! The site that is asked, and how it is asked: each request is made anew and its body read to the end, as actix's dispatcher
//! does, and no socket hides what is looked for.

use std::future::poll_fn;
use std::iter::Cycle;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::vec::IntoIter;

use actix_http::{Request, Response};
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{ACCEPT, HOST, HeaderName, HeaderValue, USER_AGENT};
use actix_web::rt::{Runtime, task};
use actix_web::{Error, HttpResponse, web};
use benches::{Contender, batch};

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

pub(crate) fn routes(config: &mut web::ServiceConfig) {
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

fn request(uri: Uri) -> Request {
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

async fn answer<S, B>(service: &S, request: Request)
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

/// The requests of one scene, over and over.
pub(crate) type Uris = Cycle<IntoIter<Uri>>;

pub(crate) fn uris(paths: impl Iterator<Item = String>) -> Uris {
    let parsed = paths.map(|path| path.parse().expect("this is a path"));
    parsed.collect::<Vec<Uri>>().into_iter().cycle()
}

pub(crate) fn contender<'a, S, B>(
    name: &str,
    runtime: &'a Runtime,
    service: &'a S,
    mut uris: Uris,
) -> Contender<'a>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    batch(name, move |times| {
        runtime.block_on(async {
            for uri in uris.by_ref().take(times as usize) {
                answer(service, request(uri)).await;
            }
        });
    })
}
