//! What is asked for: every way in which a handler and its response can end.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::rt::{task, time};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, Route, guard, web};

/// What every panic here says, so that it is told from one that nobody meant.
pub(super) const ON_PURPOSE: &str = "on purpose";

static PIECE: [u8; 1_000] = [b'x'; 1_000];

/// More than the system takes at once from a server whose client does not read.
static LARGE: [u8; 1_000_000] = [b'x'; 1_000_000];

/// How a body ends after its last piece.
#[derive(Clone, Copy, Debug)]
enum End {
    Whole,
    Error,
    Panic,
    Never,
}

/// A body in pieces, with a turn of the worker before each.
struct Pieces {
    left: u32,
    end: End,
    has_waited: bool,
}

impl Pieces {
    fn response(pieces: u32, end: End) -> HttpResponse {
        HttpResponse::Ok().body(Self {
            left: pieces,
            end,
            has_waited: false,
        })
    }
}

impl MessageBody for Pieces {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        self.has_waited = !self.has_waited;
        if self.has_waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left > 0 {
            self.left -= 1;
            return Poll::Ready(Some(Ok(Bytes::from_static(&PIECE))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Error => Poll::Ready(Some(Err(io::Error::other(ON_PURPOSE)))),
            End::Panic => panic!("{ON_PURPOSE}"),
            End::Never => Poll::Pending,
        }
    }
}

async fn panics() -> HttpResponse {
    panic!("{ON_PURPOSE}")
}

async fn panics_later() -> HttpResponse {
    task::yield_now().await;
    panics().await
}

async fn slow() -> HttpResponse {
    time::sleep(Duration::from_millis(20)).await;
    HttpResponse::Ok().body("at last")
}

async fn length(body: Bytes) -> String {
    body.len().to_string()
}

/// For HEAD too, which `web::get` is not.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    let pieces = |count, end| get().to(move || async move { Pieces::response(count, end) });
    config
        .route(
            "/notes/{id}",
            get().to(|id: web::Path<u32>| async move { id.to_string() }),
        )
        .route("/notes", web::post().to(length))
        .route("/ignored", web::post().to(HttpResponse::NoContent))
        .route("/large", get().to(|| async { Bytes::from_static(&LARGE) }))
        .route("/panic", get().to(panics))
        .route("/panic/later", get().to(panics_later))
        .route(
            "/fail",
            get().to(|| async { Err::<String, _>(io::Error::other(ON_PURPOSE)) }),
        )
        .route("/bad-gateway", get().to(HttpResponse::BadGateway))
        .route("/slow", get().to(slow))
        .route("/pending", get().to(pending::<HttpResponse>))
        .route("/stream", pieces(5, End::Whole))
        .route("/long", pieces(300, End::Whole))
        .route("/broken", pieces(2, End::Error))
        .route("/panicking-body", pieces(2, End::Panic))
        .route("/endless", pieces(2, End::Never));
}
