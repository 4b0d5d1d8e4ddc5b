//! Two handlers that do not work, on purpose: to show how a failure looks, to its visitor, in the log and in what is
//! measured.

use actix_web::{HttpResponse, web};
use rusqlite::Connection;
use starpunk_metrics::monitored_query;

use crate::blog::Blog;
use crate::error::BlogError;

/// `GET /fail`: asks the database for a table that is not there.
pub(crate) async fn fail(blog: web::Data<Blog>) -> Result<HttpResponse, BlogError> {
    let answer = blog.db.run(|conn| Ok(ask_nobody(conn)?)).await?;
    Ok(HttpResponse::Ok().body(answer.to_string()))
}

/// `GET /panic`: the visitor gets an answer nevertheless, which names the request, and the server goes on.
pub(crate) async fn panic() -> HttpResponse {
    panic!("this handler panics on purpose")
}

/// Fails. No statement: it cannot even be prepared, and so never runs. The call itself is measured instead, as one
/// failed operation.
#[monitored_query]
fn ask_nobody(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT answer FROM no_such_table", [], |row| row.get(0))
}
