//! All routes, and what is said where there is none.

use actix_web::error::{JsonPayloadError, QueryPayloadError, UrlencodedError};
use actix_web::guard;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, Resource, Route, web};

use crate::demonstration::{self, slowness};
use crate::error::{ApiError, BlogError};
use crate::{api, assets, feeds, measurements, pages};

/// Enough for the longest note, of which a form writes a character with up to twelve.
const MAX_REQUEST_KIB: usize = 256;
const MAX_REQUEST_BYTES: usize = MAX_REQUEST_KIB * 1024;

const READ: &str = "GET, HEAD";
const WRITE: &str = "POST";
const READ_WRITE: &str = "GET, HEAD, POST";

/// Adds all routes to the application; those of the `slow_demo` only if it is wanted.
pub(crate) fn configure(config: &mut web::ServiceConfig, slow_demo: bool) {
    config
        .app_data(
            web::FormConfig::default()
                .limit(MAX_REQUEST_BYTES)
                .error_handler(|error, _| bad_form(&error).into()),
        )
        .app_data(web::QueryConfig::default().error_handler(|error, _| bad_query(&error).into()))
        .service(page("/", READ).route(read().to(pages::front)))
        .service(page("/new", READ).route(read().to(pages::new_form)))
        .service(page("/notes", WRITE).route(web::post().to(pages::create)))
        .service(
            page("/notes/{slug}", READ_WRITE)
                .route(read().to(pages::note))
                .route(web::post().to(pages::update)),
        )
        .service(page("/notes/{slug}/edit", READ).route(read().to(pages::edit_form)))
        .service(page("/notes/{slug}/delete", WRITE).route(web::post().to(pages::delete)))
        .service(page("/tags", READ).route(read().to(pages::tags)))
        .service(page("/tags/{tag}", READ).route(read().to(pages::tagged)))
        .service(page("/search", READ).route(read().to(pages::search)))
        .service(page("/feed.rss", READ).route(read().to(feeds::rss)))
        .service(page("/feed.atom", READ).route(read().to(feeds::atom)))
        .service(page("/feed.json", READ).route(read().to(feeds::json)))
        .service(page("/assets/{file}", READ).route(read().to(assets::asset)))
        .service(page("/health", READ).route(read().to(measurements::health)))
        .service(page("/metrics.json", READ).route(read().to(measurements::json)))
        .service(page("/findings", READ).route(read().to(measurements::findings)))
        .service(page("/statements", READ).route(read().to(measurements::statements)))
        .service(page("/requests", READ).route(read().to(measurements::requests)))
        .service(page(measurements::STORY, READ).route(read().to(measurements::story)))
        .service(page("/fail", READ).route(read().to(demonstration::fail)))
        .service(page("/panic", READ).route(read().to(demonstration::panic)))
        .service(page("/block", READ).route(read().to(demonstration::block)))
        .service(api_scope())
        .default_service(web::to(async || {
            Err::<HttpResponse, _>(BlogError::NotFound("page"))
        }));
    if slow_demo {
        config
            .service(page("/slow/repeated", READ).route(read().to(slowness::repeated)))
            .service(page("/slow/scan", READ).route(read().to(slowness::scan)))
            .service(page("/slow/many", READ).route(read().to(slowness::many)))
            .service(page("/slow/blocked", READ).route(read().to(slowness::blocked)))
            .service(page("/slow/waiting", READ).route(read().to(slowness::waiting)));
    }
}

/// Headers that keep a browser from doing more with a page than the page needs.
pub(crate) fn protective_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ))
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Referrer-Policy", "same-origin"))
}

fn api_scope() -> actix_web::Scope {
    web::scope("/api")
        .app_data(
            web::JsonConfig::default()
                .limit(MAX_REQUEST_BYTES)
                .error_handler(|error, _| ApiError::from(bad_json(&error)).into()),
        )
        .app_data(
            web::QueryConfig::default()
                .error_handler(|error, _| ApiError::from(bad_query(&error)).into()),
        )
        .service(
            api_resource("/notes", READ_WRITE)
                .route(read().to(api::list))
                .route(web::post().to(api::create)),
        )
        .service(
            api_resource("/notes/{slug}", "GET, HEAD, PUT, DELETE")
                .route(read().to(api::read))
                .route(web::put().to(api::update))
                .route(web::delete().to(api::delete)),
        )
        .default_service(web::to(async || {
            Err::<HttpResponse, _>(ApiError::from(BlogError::NotFound("resource")))
        }))
}

/// A resource that answers other methods than the `allowed` ones with a page that says so.
fn page(path: &str, allowed: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move {
        Err::<HttpResponse, _>(BlogError::MethodNotAllowed(allowed))
    }))
}

/// The same as [`page`], in JSON.
fn api_resource(path: &str, allowed: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move {
        Err::<HttpResponse, _>(ApiError::from(BlogError::MethodNotAllowed(allowed)))
    }))
}

/// What can be read can also be asked for its headers alone; the server leaves the body out by itself.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn bad_form(error: &UrlencodedError) -> BlogError {
    match error {
        UrlencodedError::Overflow { .. } => BlogError::TooLarge(MAX_REQUEST_KIB),
        UrlencodedError::ContentType => {
            BlogError::UnsupportedMediaType("a form must be application/x-www-form-urlencoded")
        }
        UrlencodedError::Parse(error) => {
            BlogError::BadRequest(format!("the form is not complete: {error}"))
        }
        _ => BlogError::BadRequest("the form could not be read".to_owned()),
    }
}

fn bad_json(error: &JsonPayloadError) -> BlogError {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            BlogError::TooLarge(MAX_REQUEST_KIB)
        }
        JsonPayloadError::ContentType => {
            BlogError::UnsupportedMediaType("the content type must be application/json")
        }
        JsonPayloadError::Deserialize(error) => {
            BlogError::BadRequest(format!("this is not a note in JSON: {error}"))
        }
        _ => BlogError::BadRequest("the request could not be read".to_owned()),
    }
}

fn bad_query(error: &QueryPayloadError) -> BlogError {
    BlogError::BadRequest(match error {
        QueryPayloadError::Deserialize(error) => {
            format!("the part of the address after the question mark is wrong: {error}")
        }
        _ => "the part of the address after the question mark is wrong".to_owned(),
    })
}
