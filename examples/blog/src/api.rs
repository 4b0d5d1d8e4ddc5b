//! The handlers of the JSON API. Errors are `{"error": "..."}`.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::blog::Blog;
use crate::draft::{Draft, InvalidDraft};
use crate::error::ApiError;
use crate::notes::{self, Note};
use crate::pages::PageQuery;
use crate::paging::{NOTES_PER_PAGE, PageNumber};

const LIMIT: usize = NOTES_PER_PAGE as usize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteInput {
    title: String,
    body: String,
    #[serde(default)]
    tags: Vec<String>,
}

impl NoteInput {
    fn draft(&self) -> Result<Draft, InvalidDraft> {
        Draft::new(
            &self.title,
            &self.body,
            self.tags.iter().map(String::as_str),
        )
    }
}

#[derive(Debug, Serialize)]
struct NoteOutput {
    slug: String,
    url: String,
    title: String,
    body: String,
    tags: Vec<String>,
    created: String,
    updated: String,
}

impl From<Note> for NoteOutput {
    fn from(note: Note) -> Self {
        Self {
            url: format!("/notes/{}", note.slug),
            slug: note.slug,
            title: note.title,
            body: note.body,
            tags: note.tags,
            created: rfc3339(note.created),
            updated: rfc3339(note.updated),
        }
    }
}

#[derive(Debug, Serialize)]
struct ListOutput {
    notes: Vec<NoteOutput>,
    page: u32,
    pages: u64,
    total: u64,
}

type Answer = Result<HttpResponse, ApiError>;

/// `GET /api/notes`.
pub(crate) async fn list(blog: web::Data<Blog>, query: web::Query<PageQuery>) -> Answer {
    let page = PageNumber::parse(query.page.as_deref())?;
    let (position, notes) = blog
        .db
        .run(move |conn| {
            let position = page.within(notes::count_notes(conn)?)?;
            Ok((position, notes::recent_notes(conn, LIMIT, page.offset())?))
        })
        .await?;
    Ok(HttpResponse::Ok().json(ListOutput {
        notes: notes.into_iter().map(NoteOutput::from).collect(),
        page: position.page,
        pages: position.last,
        total: position.total,
    }))
}

/// `POST /api/notes`.
pub(crate) async fn create(blog: web::Data<Blog>, input: web::Json<NoteInput>) -> Answer {
    let note = blog.create(input.draft()?).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/notes/{}", note.slug)))
        .json(NoteOutput::from(note)))
}

/// `GET /api/notes/{slug}`.
pub(crate) async fn read(blog: web::Data<Blog>, slug: web::Path<String>) -> Answer {
    let note = blog.find(slug.into_inner()).await?;
    Ok(HttpResponse::Ok().json(NoteOutput::from(note)))
}

/// `PUT /api/notes/{slug}`.
pub(crate) async fn update(
    blog: web::Data<Blog>,
    slug: web::Path<String>,
    input: web::Json<NoteInput>,
) -> Answer {
    let note = blog.update(slug.into_inner(), input.draft()?).await?;
    Ok(HttpResponse::Ok().json(NoteOutput::from(note)))
}

/// `DELETE /api/notes/{slug}`.
pub(crate) async fn delete(blog: web::Data<Blog>, slug: web::Path<String>) -> Answer {
    blog.delete(slug.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
