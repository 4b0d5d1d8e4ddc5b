//! Notes in the database: plain functions on a connection.
//!
//! A read is one statement, whatever it finds: the tags come with their note. A change is one transaction, whose
//! `BEGIN` and `COMMIT` are statements too. The number of statements is in the first line of each function.
//!
//! The statements are measured on the connection, whoever runs them; `#[monitored_query]` adds the name of the function.
//! It takes an `Err` for a failure, and so that a note is not there is an `Ok` here.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use starpunk_metrics::monitored_query;

use crate::draft::Draft;
use crate::slug::{first_free, slugify};

/// A note as it is stored. Tags are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) tags: Vec<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

/// A tag and the number of notes that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagCount {
    pub(crate) tag: String,
    pub(crate) notes: i64,
}

/// A `SELECT` of what [`note`] reads. A tag has no comma in it, so that a comma may join them.
macro_rules! select_notes {
    ($rest:literal) => {
        concat!(
            "SELECT slug, title, body, created_at, updated_at, \
             (SELECT group_concat(tag, ',' ORDER BY tag) FROM note_tag WHERE note_id = note.id) \
             FROM note ",
            $rest
        )
    };
}
pub(crate) use select_notes;

/// Number of notes. 1 statement.
#[monitored_query]
pub(crate) fn count_notes(conn: &Connection) -> rusqlite::Result<u64> {
    count(conn, "SELECT count(*) FROM note", [])
}

/// The newest notes, after the first `offset` ones. 1 statement.
#[monitored_query(table = "note")]
pub(crate) fn recent_notes(
    conn: &Connection,
    limit: usize,
    offset: usize,
) -> rusqlite::Result<Vec<Note>> {
    conn.prepare_cached(select_notes!(
        "ORDER BY created_at DESC, id DESC LIMIT ?1 OFFSET ?2"
    ))?
    .query_map(params![sql_integer(limit), sql_integer(offset)], note)?
    .collect()
}

/// Number of notes that have `tag`. 1 statement.
#[monitored_query]
pub(crate) fn count_tagged(conn: &Connection, tag: &str) -> rusqlite::Result<u64> {
    count(conn, "SELECT count(*) FROM note_tag WHERE tag = ?1", [tag])
}

/// The newest notes that have `tag`, after the first `offset` ones. 1 statement.
#[monitored_query(table = "note")]
pub(crate) fn tagged_notes(
    conn: &Connection,
    tag: &str,
    limit: usize,
    offset: usize,
) -> rusqlite::Result<Vec<Note>> {
    conn.prepare_cached(select_notes!(
        "WHERE id IN (SELECT note_id FROM note_tag WHERE tag = ?1) \
         ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3"
    ))?
    .query_map(params![tag, sql_integer(limit), sql_integer(offset)], note)?
    .collect()
}

/// All tags in the order of the alphabet. 1 statement.
#[monitored_query]
pub(crate) fn tag_counts(conn: &Connection) -> rusqlite::Result<Vec<TagCount>> {
    conn.prepare_cached("SELECT tag, count(*) FROM note_tag GROUP BY tag ORDER BY tag")?
        .query_map([], |row| {
            Ok(TagCount {
                tag: row.get(0)?,
                notes: row.get(1)?,
            })
        })?
        .collect()
}

/// The note with this slug, if there is one. 1 statement.
#[monitored_query(table = "note")]
pub(crate) fn find_note(conn: &Connection, slug: &str) -> rusqlite::Result<Option<Note>> {
    conn.prepare_cached(select_notes!("WHERE slug = ?1"))?
        .query_row([slug], note)
        .optional()
}

/// Stores a new note. 5 statements.
#[monitored_query]
pub(crate) fn create_note(
    conn: &mut Connection,
    draft: &Draft,
    now: DateTime<Utc>,
) -> rusqlite::Result<Note> {
    // Immediate: a transaction that reads first and then has to wait for the pen would fail instead.
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let base = slugify(draft.title());
    let taken = similar_slugs(&transaction, &base)?;
    let slug = first_free(base, &taken);
    transaction
        .prepare_cached(
            "INSERT INTO note (slug, title, body, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)",
        )?
        .execute(params![slug, draft.title(), draft.body(), now.timestamp()])?;
    tag_note(&transaction, transaction.last_insert_rowid(), draft.tags())?;
    transaction.commit()?;
    Ok(Note {
        slug,
        title: draft.title().to_owned(),
        body: draft.body().to_owned(),
        tags: draft.tags().to_vec(),
        created: instant(now.timestamp()),
        updated: instant(now.timestamp()),
    })
}

/// Replaces title, body and tags of a note, if there is one; its slug stays, because an address should. 5 statements,
/// or 3 if there is no such note.
#[monitored_query]
pub(crate) fn update_note(
    conn: &mut Connection,
    slug: &str,
    draft: &Draft,
    now: DateTime<Utc>,
) -> rusqlite::Result<Option<Note>> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let replaced: Option<(i64, i64)> = transaction
        .prepare_cached(
            "UPDATE note SET title = ?2, body = ?3, updated_at = ?4 WHERE slug = ?1 RETURNING id, created_at",
        )?
        .query_row(
            params![slug, draft.title(), draft.body(), now.timestamp()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((id, created)) = replaced else {
        return Ok(None);
    };
    transaction
        .prepare_cached("DELETE FROM note_tag WHERE note_id = ?1")?
        .execute([id])?;
    tag_note(&transaction, id, draft.tags())?;
    transaction.commit()?;
    Ok(Some(Note {
        slug: slug.to_owned(),
        title: draft.title().to_owned(),
        body: draft.body().to_owned(),
        tags: draft.tags().to_vec(),
        created: instant(created),
        updated: instant(now.timestamp()),
    }))
}

/// Removes a note and its tags; `false` if there is no such note. 4 statements in both cases.
#[monitored_query]
pub(crate) fn delete_note(conn: &mut Connection, slug: &str) -> rusqlite::Result<bool> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .prepare_cached(
            "DELETE FROM note_tag WHERE note_id = (SELECT id FROM note WHERE slug = ?1)",
        )?
        .execute([slug])?;
    let deleted = transaction
        .prepare_cached("DELETE FROM note WHERE slug = ?1")?
        .execute([slug])?;
    transaction.commit()?;
    Ok(deleted > 0)
}

/// The tags of one note, in one statement however many they are.
#[monitored_query]
fn tag_note(transaction: &Transaction<'_>, id: i64, tags: &[String]) -> rusqlite::Result<()> {
    let tags = serde_json::Value::from(tags).to_string();
    transaction
        .prepare_cached("INSERT INTO note_tag (note_id, tag) SELECT ?1, value FROM json_each(?2)")?
        .execute(params![id, tags])?;
    Ok(())
}

/// The slug, if it is taken, and the taken ones that are numbered after it.
#[monitored_query]
fn similar_slugs(conn: &Connection, slug: &str) -> rusqlite::Result<HashSet<String>> {
    // A slug has letters, digits and dashes only: nothing in it means anything to GLOB.
    conn.prepare_cached("SELECT slug FROM note WHERE slug = ?1 OR slug GLOB ?1 || '-[0-9]*'")?
        .query_map([slug], |row| row.get(0))?
        .collect()
}

/// Runs a `SELECT count(*)`. It is named after the annotated query that calls it.
pub(crate) fn count(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<u64> {
    let count: i64 = conn
        .prepare_cached(sql)?
        .query_row(params, |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Reads a row of [`select_notes`].
pub(crate) fn note(row: &Row<'_>) -> rusqlite::Result<Note> {
    let tags: Option<String> = row.get(5)?;
    Ok(Note {
        slug: row.get(0)?,
        title: row.get(1)?,
        body: row.get(2)?,
        created: instant(row.get(3)?),
        updated: instant(row.get(4)?),
        tags: tags.map_or_else(Vec::new, |tags| {
            tags.split(',').map(str::to_owned).collect()
        }),
    })
}

pub(crate) fn sql_integer(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// From seconds to an instant; a number out of its range can only come from outside, and becomes 1970.
fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
