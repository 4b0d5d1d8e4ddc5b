//! Handlers that are slow, on purpose: to show how the library finds it and names it. Three ask the database in a way
//! that is slow, one computes where it must not, and one waits. They are there with `--slow-demo` only.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, rt, web};
use chrono::Utc;
use rusqlite::Connection;
use starpunk_metrics::monitored_query;

use crate::blog::Blog;
use crate::demonstration::numbers::{self, PERIODS};
use crate::demonstration::visits::{self, VISITS};
use crate::error::BlogError;
use crate::fingerprint::fingerprint;
use crate::notes::sql_integer;
use crate::paging::NOTES_PER_PAGE;

/// How long `/slow/blocked` computes: from 20 ms on that is a finding.
const COMPUTING: Duration = Duration::from_millis(40);

/// How long `/slow/waiting` waits: from 1 s on that is a finding, unless `METRICS_SLOW_REQUEST_THRESHOLD` is another.
const WAITING: Duration = Duration::from_millis(1_200);

/// A note as far as this page needs it.
struct Title {
    id: i64,
    title: String,
}

/// `GET /slow/repeated`: asks for the tags of each note by itself. From five notes on that is a finding.
pub(crate) async fn repeated(blog: web::Data<Blog>) -> Result<HttpResponse, BlogError> {
    let notes = blog
        .db
        .run(|conn| {
            let titles = recent_titles(conn, NOTES_PER_PAGE as usize)?;
            let notes = titles.into_iter().map(|Title { id, title }| {
                let tags = tags_of_note(conn, id)?;
                Ok((title, tags))
            });
            Ok(notes.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .await?;
    let mut text = format!(
        "This page read {} notes with one SELECT, and then the tags of each with one more.\n\
         One SELECT for all would do. /findings names it: repeated_select.\n\n",
        notes.len()
    );
    for (title, tags) in notes {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{title}: {}", tags.join(", "));
    }
    Ok(plain(text))
}

/// `GET /slow/scan`: looks at every visit to find those that came from one site, because there is no index on it.
pub(crate) async fn scan(blog: web::Data<Blog>) -> Result<HttpResponse, BlogError> {
    // Any of them.
    let referrer = visits::referrer(7);
    let wanted = referrer.clone();
    let found = blog
        .db
        .run(move |conn| Ok(visits::count_visits(conn, &wanted)?))
        .await?;
    Ok(plain(format!(
        "This page looked at {VISITS} visits to find the {found} that came from {referrer}\n\
         An index on that column would do. /findings names it: full_scan.\n"
    )))
}

/// `GET /slow/many`: asks for each number of a table by itself. From 51 statements on that is a finding.
pub(crate) async fn many(blog: web::Data<Blog>) -> Result<HttpResponse, BlogError> {
    let lines = blog
        .db
        .run(|conn| Ok(numbers::table(conn, Utc::now())?))
        .await?;
    let mut text = format!(
        "This page asked for {} numbers with a SELECT each.\n\
         One SELECT can count all of a period. /findings names it: many_statements.\n\n",
        lines.len() * PERIODS.len()
    );
    for (name, numbers) in lines {
        // Writing to a String cannot fail.
        let _ = write!(text, "{name}:");
        for (number, (period, _)) in numbers.iter().zip(PERIODS) {
            let _ = write!(text, " {number} in a {period}");
        }
        text.push('\n');
    }
    Ok(plain(text))
}

/// `GET /slow/blocked`: computes on the worker itself, which meanwhile serves nobody else.
pub(crate) async fn blocked() -> HttpResponse {
    let rounds = compute(COMPUTING);
    plain(format!(
        "This page made {rounds} fingerprints, and nobody else on its worker was served meanwhile.\n\
         Computing belongs in starpunk_metrics::block. /findings names it: blocked_executor.\n"
    ))
}

/// `GET /slow/waiting`: waits as if for another service. Its worker serves others meanwhile.
pub(crate) async fn waiting() -> HttpResponse {
    rt::time::sleep(WAITING).await;
    plain(format!(
        "This page waited {} ms for nothing, and nobody else had to wait for it.\n\
         /findings names it: slow_requests.\n",
        WAITING.as_millis()
    ))
}

/// Does something useless for as long as that, and says how often.
fn compute(time: Duration) -> u64 {
    let start = Instant::now();
    let mut rounds = 0_u64;
    while start.elapsed() < time {
        std::hint::black_box(fingerprint(&rounds.to_le_bytes()));
        rounds += 1;
    }
    rounds
}

fn plain(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType::plaintext())
        .body(text)
}

/// The newest notes. 1 statement.
#[monitored_query]
fn recent_titles(conn: &Connection, limit: usize) -> rusqlite::Result<Vec<Title>> {
    conn.prepare_cached("SELECT id, title FROM note ORDER BY created_at DESC, id DESC LIMIT ?1")?
        .query_map([sql_integer(limit)], |row| {
            Ok(Title {
                id: row.get(0)?,
                title: row.get(1)?,
            })
        })?
        .collect()
}

/// The tags of one note. 1 statement, which is one too many where it is called in a loop.
#[monitored_query]
fn tags_of_note(conn: &Connection, id: i64) -> rusqlite::Result<Vec<String>> {
    conn.prepare_cached("SELECT tag FROM note_tag WHERE note_id = ?1 ORDER BY tag")?
        .query_map([id], |row| row.get(0))?
        .collect()
}
