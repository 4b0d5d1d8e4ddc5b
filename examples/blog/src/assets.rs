//! The stylesheet and the icon, compiled in and served under addresses that change with their content.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use crate::error::BlogError;
use crate::fingerprint::fingerprint;

const STYLESHEET: &str = include_str!("../assets/blog.css");
const ICON: &str = include_str!("../assets/icon.svg");

static STYLESHEET_FILE: LazyLock<String> =
    LazyLock::new(|| format!("blog-{}.css", fingerprint(STYLESHEET.as_bytes())));
static ICON_FILE: LazyLock<String> =
    LazyLock::new(|| format!("icon-{}.svg", fingerprint(ICON.as_bytes())));

/// Path of the stylesheet.
pub(crate) fn stylesheet_path() -> String {
    format!("/assets/{}", *STYLESHEET_FILE)
}

/// Path of the icon.
pub(crate) fn icon_path() -> String {
    format!("/assets/{}", *ICON_FILE)
}

/// `GET /assets/{file}`.
pub(crate) async fn asset(file: web::Path<String>) -> Result<HttpResponse, BlogError> {
    let (content_type, content) = match file.as_str() {
        name if name == *STYLESHEET_FILE => ("text/css; charset=utf-8", STYLESHEET),
        name if name == *ICON_FILE => ("image/svg+xml", ICON),
        _ => return Err(BlogError::NotFound("file")),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        // The content of an address never changes: other content has another address.
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(content))
}
