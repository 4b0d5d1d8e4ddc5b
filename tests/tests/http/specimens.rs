//! Responses of every kind: what the comparison with and without the middleware compares.

use actix_web::body::{BodyStream, MessageBody, SizedStream};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::error::ErrorForbidden;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION,
};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse, body, web};
use futures_util::stream;

/// The paths of all bodies.
pub(crate) const BODIES: [&str; 17] = [
    "/short",
    "/long",
    "/zero",
    "/none",
    "/stream",
    "/unchunked",
    "/sized-stream",
    "/empty-stream",
    "/broken",
    "/events",
    "/packed",
    "/picture",
    "/no-content",
    "/no-content-with",
    "/not-modified",
    "/close",
    "/reason",
];

const TEXT: &str = "all work and no play makes a dull page. ";

fn chunks() -> impl MessageBody + use<> {
    let chunks = ["one", "", "three", TEXT].map(|chunk| Ok::<_, Error>(Bytes::from(chunk)));
    BodyStream::new(stream::iter(chunks))
}

fn cookies() -> HttpResponse {
    let session = Cookie::build("session", "secret")
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .finish();
    HttpResponse::Ok()
        .cookie(session)
        .cookie(Cookie::new("theme", "dark"))
        .append_header(("X-Custom", "one"))
        .append_header(("X-Custom", "two"))
        .append_header(("Link", "</a.css>; rel=preload"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(["a", "b"])
}

fn redirect() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "/elsewhere?a=b#c"))
        .finish()
}

fn bodies(config: &mut web::ServiceConfig) {
    let long = || {
        HttpResponse::Ok()
            .content_type("text/html")
            .body(TEXT.repeat(5_000))
    };
    let sized = || {
        let chunks = stream::iter([Ok::<_, Error>(Bytes::from("0123456789"))]);
        HttpResponse::Ok().body(SizedStream::new(10, chunks))
    };
    let broken = || {
        let chunks = [
            Ok(Bytes::from("some")),
            Err(std::io::Error::other("on purpose")),
        ];
        HttpResponse::Ok().streaming(stream::iter(chunks))
    };
    let events = || {
        let events = stream::iter([Ok::<_, Error>(Bytes::from("data: 1\n\n"))]);
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/event-stream"))
            .streaming(events)
    };
    let packed = || {
        HttpResponse::Ok()
            .insert_header((CONTENT_ENCODING, "gzip"))
            .body("as if it were packed")
    };
    let not_modified = || {
        HttpResponse::NotModified()
            .insert_header((CONTENT_LENGTH, "10"))
            .insert_header((ETAG, "\"7\""))
            .body(body::None::new())
    };
    config
        .route("/short", web::to(|| async { "short" }))
        .route("/long", web::to(move || async move { long() }))
        .route("/zero", web::to(|| async { HttpResponse::Ok().body("") }))
        .route(
            "/none",
            web::to(|| async { HttpResponse::Ok().body(body::None::new()) }),
        )
        .route(
            "/stream",
            web::to(|| async { HttpResponse::Ok().body(chunks()) }),
        )
        .route(
            "/unchunked",
            web::to(|| async { HttpResponse::Ok().no_chunking(48).body(chunks()) }),
        )
        .route("/sized-stream", web::to(move || async move { sized() }))
        .route(
            "/empty-stream",
            web::to(|| async {
                HttpResponse::Ok().streaming(stream::empty::<Result<Bytes, Error>>())
            }),
        )
        .route("/broken", web::to(move || async move { broken() }))
        .route("/events", web::to(move || async move { events() }))
        .route("/packed", web::to(move || async move { packed() }))
        .route(
            "/picture",
            web::to(|| async {
                HttpResponse::Ok()
                    .content_type("image/png")
                    .body(TEXT.repeat(100))
            }),
        )
        .route("/no-content", web::to(HttpResponse::NoContent))
        .route(
            "/no-content-with",
            web::to(|| async { HttpResponse::NoContent().body("12345") }),
        )
        .route(
            "/not-modified",
            web::to(move || async move { not_modified() }),
        )
        .route(
            "/close",
            web::to(|| async { HttpResponse::Ok().force_close().body("bye") }),
        )
        .route(
            "/reason",
            web::to(|| async { HttpResponse::Ok().reason("Fine").finish() }),
        );
}

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .configure(bodies)
        .route("/cookies", web::to(|| async { cookies() }))
        .route("/redirect", web::to(|| async { redirect() }))
        .route(
            "/moved",
            web::to(|| async { web::Redirect::to("/short").permanent() }),
        )
        .route(
            "/fail",
            web::to(|| async { Err::<String, _>(std::io::Error::other("on purpose")) }),
        )
        .route(
            "/refuse",
            web::to(|| async { Err::<String, _>(ErrorForbidden("not for you")) }),
        )
        .route(
            "/unavailable",
            web::to(|| async { HttpResponse::ServiceUnavailable().json([1, 2]) }),
        )
        .route(
            "/panic",
            web::to(|| async { panic!("on purpose") as HttpResponse }),
        )
        .route("/read", web::post().to(|body: Bytes| async move { body }))
        .route("/ignore", web::post().to(|| async { "ignored" }))
        .route(
            "/number",
            web::post().to(|number: web::Json<u32>| async move { number.to_string() }),
        )
        .route(
            "/notes/{id}",
            web::get().to(|id: web::Path<u32>| async move { id.to_string() }),
        )
        .route(
            "/upgrade",
            web::get().to(|payload: web::Payload| async move {
                HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS)
                    .upgrade("websocket")
                    .streaming(payload)
            }),
        )
        .service(web::resource("/resource").route(web::get().to(HttpResponse::Ok)));
}
