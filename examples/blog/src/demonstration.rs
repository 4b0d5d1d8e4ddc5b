//! Handlers that do not do as they should, on purpose: to show how that looks, to a visitor, in the log and in what is
//! measured.

mod numbers;
pub(crate) mod slowness;
pub(crate) mod visits;

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

/// `GET /block`: counts on the worker's own thread, and everyone else on it waits.
pub(crate) async fn block(blog: web::Data<Blog>) -> Result<HttpResponse, BlogError> {
    let numbers = count_on_the_worker(&blog).await?;
    Ok(HttpResponse::Ok().body(format!(
        "counted {numbers} numbers, and nobody was served meanwhile"
    )))
}

/// Takes a while, in one poll: what is measured says that it blocks. 1 statement.
#[monitored_query(table = "number", ok_fields(counted = *ret))]
async fn count_on_the_worker(blog: &Blog) -> Result<i64, BlogError> {
    let connection = blog.db.connection()?;
    Ok(connection.query_row(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000000) \
         SELECT count(*) FROM number",
        [],
        |row| row.get(0),
    )?)
}

/// Fails. No statement: it cannot even be prepared, and so never runs. The call itself is measured instead, as one
/// failed operation.
#[monitored_query]
fn ask_nobody(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT answer FROM no_such_table", [], |row| row.get(0))
}
