//! Two handlers that do not work, on purpose: to show how a failure looks, to its visitor and in the log.

use actix_web::{HttpResponse, web};

use crate::blog::Blog;
use crate::error::BlogError;

/// `GET /fail`: asks the database for a table that is not there.
pub(crate) async fn fail(blog: web::Data<Blog>) -> Result<HttpResponse, BlogError> {
    let answer: i64 = blog
        .db
        .run(|conn| Ok(conn.query_row("SELECT answer FROM no_such_table", [], |row| row.get(0))?))
        .await?;
    Ok(HttpResponse::Ok().body(answer.to_string()))
}

/// `GET /panic`: the server closes the connection without an answer and goes on with the others.
pub(crate) async fn panic() -> HttpResponse {
    panic!("this handler panics on purpose")
}
