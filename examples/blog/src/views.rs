//! What the templates print. A template escapes everything that it prints.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use askama::Template;
use starpunk_metrics::RequestId;

use crate::draft::{MAX_BODY_CHARS, MAX_TITLE_CHARS};
use crate::error::BlogError;
use crate::markup::{self, Block, Span};
use crate::notes::{Note, TagCount};
use crate::paging::Position;
use crate::search::MAX_QUERY_CHARS;

pub(crate) const SITE_TITLE: &str = "Side notes";
pub(crate) const SITE_DESCRIPTION: &str = "Short notes on small programs.";

/// A list of notes: all of them, those of a tag, or those that a search found.
#[derive(Debug, Template)]
#[template(path = "list.html")]
pub(crate) struct ListPage<'a> {
    pub(crate) list: List<'a>,
    pub(crate) notes: &'a [Note],
    pub(crate) position: Position,
}

/// Which notes a [`ListPage`] lists.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List<'a> {
    All,
    Tagged(&'a str),
    Found(&'a str),
}

/// The search before something was searched.
#[derive(Debug, Template)]
#[template(path = "search.html")]
pub(crate) struct SearchPage;

#[derive(Debug, Template)]
#[template(path = "tags.html")]
pub(crate) struct TagsPage<'a> {
    pub(crate) tags: &'a [TagCount],
}

#[derive(Debug, Template)]
#[template(path = "note.html")]
pub(crate) struct NotePage<'a> {
    pub(crate) note: &'a Note,
    pub(crate) blocks: Vec<Block<'a>>,
}

impl<'a> NotePage<'a> {
    pub(crate) fn of(note: &'a Note) -> Self {
        Self {
            note,
            blocks: markup::parse(&note.body),
        }
    }
}

/// The text of a note alone, for the feeds.
#[derive(Debug, Template)]
#[template(path = "body.html")]
pub(crate) struct Body<'a> {
    blocks: Vec<Block<'a>>,
}

impl<'a> Body<'a> {
    pub(crate) fn of(note: &'a Note) -> Self {
        Self {
            blocks: markup::parse(&note.body),
        }
    }
}

/// The form for a new note (without a slug) or for a change. After a mistake it comes back as it was filled in.
#[derive(Debug, Template)]
#[template(path = "form.html")]
pub(crate) struct FormPage<'a> {
    pub(crate) slug: Option<&'a str>,
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
    pub(crate) tags: &'a str,
    pub(crate) mistake: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    pub(crate) status: StatusCode,
    pub(crate) message: &'a str,
    /// The request whose story says what happened.
    pub(crate) story: Option<RequestId>,
}

/// Sends a page.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Result<HttpResponse, BlogError> {
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(page.render()?))
}
