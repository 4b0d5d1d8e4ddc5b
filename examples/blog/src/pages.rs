//! The handlers of the HTML pages and their forms.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::blog::Blog;
use crate::draft::{self, Draft};
use crate::error::BlogError;
use crate::notes;
use crate::paging::{NOTES_PER_PAGE, PageNumber};
use crate::search::{self, Query};
use crate::views::{FormPage, List, ListPage, NotePage, SearchPage, TagsPage, html};

const LIMIT: usize = NOTES_PER_PAGE as usize;

#[derive(Debug, Deserialize)]
pub(crate) struct PageQuery {
    pub(crate) page: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SearchQuery {
    #[serde(default)]
    q: String,
    page: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NoteForm {
    title: String,
    body: String,
    /// Separated by commas.
    #[serde(default)]
    tags: String,
}

impl NoteForm {
    fn draft(&self) -> Result<Draft, draft::InvalidDraft> {
        Draft::new(&self.title, &self.body, self.tags.split(','))
    }

    /// The form again, as it was filled in, with what is wrong with it.
    fn again(&self, slug: Option<&str>, mistake: &draft::InvalidDraft) -> Answer {
        let page = FormPage {
            slug,
            title: &self.title,
            body: &self.body,
            tags: &self.tags,
            mistake: Some(mistake.to_string()),
        };
        html(StatusCode::BAD_REQUEST, &page)
    }
}

type Answer = Result<HttpResponse, BlogError>;

/// `GET /`.
pub(crate) async fn front(blog: web::Data<Blog>, query: web::Query<PageQuery>) -> Answer {
    let page = PageNumber::parse(query.page.as_deref())?;
    let (position, notes) = blog
        .db
        .run(move |conn| {
            let position = page.within(notes::count_notes(conn)?)?;
            Ok((position, notes::recent_notes(conn, LIMIT, page.offset())?))
        })
        .await?;
    let page = ListPage {
        list: List::All,
        notes: &notes,
        position,
    };
    html(StatusCode::OK, &page)
}

/// `GET /tags`.
pub(crate) async fn tags(blog: web::Data<Blog>) -> Answer {
    let tags = blog.db.run(|conn| Ok(notes::tag_counts(conn)?)).await?;
    html(StatusCode::OK, &TagsPage { tags: &tags })
}

/// `GET /tags/{tag}`.
pub(crate) async fn tagged(
    blog: web::Data<Blog>,
    tag: web::Path<String>,
    query: web::Query<PageQuery>,
) -> Answer {
    let page = PageNumber::parse(query.page.as_deref())?;
    let tag = draft::tag(&tag);
    let wanted = tag.clone();
    let (position, notes) = blog
        .db
        .run(move |conn| {
            let total = notes::count_tagged(conn, &wanted)?;
            if total == 0 {
                return Err(BlogError::NotFound("tag"));
            }
            let position = page.within(total)?;
            let notes = notes::tagged_notes(conn, &wanted, LIMIT, page.offset())?;
            Ok((position, notes))
        })
        .await?;
    let page = ListPage {
        list: List::Tagged(&tag),
        notes: &notes,
        position,
    };
    html(StatusCode::OK, &page)
}

/// `GET /search`.
pub(crate) async fn search(blog: web::Data<Blog>, query: web::Query<SearchQuery>) -> Answer {
    let page = PageNumber::parse(query.page.as_deref())?;
    let Some(wanted) = Query::parse(&query.q)? else {
        return html(StatusCode::OK, &SearchPage);
    };
    let (position, notes) = blog
        .db
        .run(move |conn| {
            let found = search::search(conn, &wanted, page)?;
            Ok((page.within(found.total)?, found.notes))
        })
        .await?;
    let page = ListPage {
        list: List::Found(query.q.trim()),
        notes: &notes,
        position,
    };
    html(StatusCode::OK, &page)
}

/// `GET /notes/{slug}`.
pub(crate) async fn note(blog: web::Data<Blog>, slug: web::Path<String>) -> Answer {
    let note = blog.find(slug.into_inner()).await?;
    html(StatusCode::OK, &NotePage::of(&note))
}

/// `GET /new`.
pub(crate) async fn new_form() -> Answer {
    let page = FormPage {
        slug: None,
        title: "",
        body: "",
        tags: "",
        mistake: None,
    };
    html(StatusCode::OK, &page)
}

/// `GET /notes/{slug}/edit`.
pub(crate) async fn edit_form(blog: web::Data<Blog>, slug: web::Path<String>) -> Answer {
    let note = blog.find(slug.into_inner()).await?;
    let page = FormPage {
        slug: Some(&note.slug),
        title: &note.title,
        body: &note.body,
        tags: &note.tags.join(", "),
        mistake: None,
    };
    html(StatusCode::OK, &page)
}

/// `POST /notes`.
pub(crate) async fn create(blog: web::Data<Blog>, form: web::Form<NoteForm>) -> Answer {
    match form.draft() {
        Ok(draft) => {
            let note = blog.create(draft).await?;
            Ok(see_other(&format!("/notes/{}", note.slug)))
        }
        Err(mistake) => form.again(None, &mistake),
    }
}

/// `POST /notes/{slug}`.
pub(crate) async fn update(
    blog: web::Data<Blog>,
    slug: web::Path<String>,
    form: web::Form<NoteForm>,
) -> Answer {
    match form.draft() {
        Ok(draft) => {
            let note = blog.update(slug.into_inner(), draft).await?;
            Ok(see_other(&format!("/notes/{}", note.slug)))
        }
        Err(mistake) => form.again(Some(&slug), &mistake),
    }
}

/// `POST /notes/{slug}/delete`.
pub(crate) async fn delete(blog: web::Data<Blog>, slug: web::Path<String>) -> Answer {
    blog.delete(slug.into_inner()).await?;
    Ok(see_other("/"))
}

/// After a change the browser is sent to a page that may be loaded again without changing anything.
fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .finish()
}
