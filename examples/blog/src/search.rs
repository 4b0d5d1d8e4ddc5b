//! Search in titles and texts.
//!
//! `LIKE` over all notes, and not FTS5: the inner tables of FTS5 are kept by statements of its own, whose number
//! depends on what is in them, and here every page has a known number of statements. For some thousand notes it is
//! quick enough.

use rusqlite::{Connection, params};
use starpunk_metrics::{monitored_query, track_business};

use crate::error::BlogError;
use crate::notes::{Note, count, note, select_notes, sql_integer};
use crate::paging::{NOTES_PER_PAGE, PageNumber};

pub(crate) const MAX_QUERY_CHARS: usize = 200;

/// The words that a note must contain, in any order and place; a letter of ASCII matches in both cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// JSON array of `LIKE` patterns with `\` as the escape character.
    patterns: String,
    words: usize,
}

/// One page of what a search found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Number of notes on all pages.
    pub(crate) total: u64,
    pub(crate) notes: Vec<Note>,
}

impl Query {
    /// Reads what somebody typed; `None` if there is no word in it.
    pub(crate) fn parse(raw: &str) -> Result<Option<Self>, BlogError> {
        if raw.chars().count() > MAX_QUERY_CHARS {
            return Err(BlogError::BadRequest(format!(
                "the search is too long: at most {MAX_QUERY_CHARS} characters are allowed"
            )));
        }
        let patterns: Vec<String> = raw.split_whitespace().map(pattern).collect();
        Ok((!patterns.is_empty()).then(|| Self {
            words: patterns.len(),
            patterns: serde_json::Value::from(patterns).to_string(),
        }))
    }
}

/// Searches, and counts that somebody did: by how many words, but not by which. What people look for is their own
/// affair. 2 statements.
#[track_business("notes_searched", fields(words = query.words, page = page), ok_fields(found = ret.total))]
pub(crate) fn search(
    conn: &Connection,
    query: &Query,
    page: PageNumber,
) -> rusqlite::Result<Found> {
    Ok(Found {
        total: count_matches(conn, query)?,
        notes: matching_notes(conn, query, NOTES_PER_PAGE as usize, page.offset())?,
    })
}

/// Number of notes that match. 1 statement.
#[monitored_query(slow = "50ms", table = "note")]
fn count_matches(conn: &Connection, query: &Query) -> rusqlite::Result<u64> {
    count(
        conn,
        "SELECT count(*) FROM note WHERE NOT EXISTS (SELECT 1 FROM json_each(?1) AS word \
         WHERE note.title NOT LIKE word.value ESCAPE '\\' \
         AND note.body NOT LIKE word.value ESCAPE '\\')",
        [&query.patterns],
    )
}

/// The newest notes that match, after the first `offset` ones. 1 statement.
#[monitored_query(slow = "50ms", table = "note")]
fn matching_notes(
    conn: &Connection,
    query: &Query,
    limit: usize,
    offset: usize,
) -> rusqlite::Result<Vec<Note>> {
    conn.prepare_cached(select_notes!(
        "WHERE NOT EXISTS (SELECT 1 FROM json_each(?1) AS word \
         WHERE note.title NOT LIKE word.value ESCAPE '\\' \
         AND note.body NOT LIKE word.value ESCAPE '\\') \
         ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3"
    ))?
    .query_map(
        params![query.patterns, sql_integer(limit), sql_integer(offset)],
        note,
    )?
    .collect()
}

fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::draft::Draft;
    use crate::{notes, schema};

    fn found(raw: &str) -> Vec<String> {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::migrate(&mut conn).unwrap();
        for (title, body) in [
            ("Bread", "Flour and water, 100% rye"),
            ("Soup", "Water and a leek"),
            ("Names", "snake_case"),
        ] {
            let draft = Draft::new(title, body, []).unwrap();
            notes::create_note(&mut conn, &draft, Utc::now()).unwrap();
        }
        let query = Query::parse(raw).unwrap().unwrap();
        let found = search(&conn, &query, PageNumber::parse(None).unwrap()).unwrap();
        assert_eq!(found.total, found.notes.len() as u64);
        found.notes.into_iter().map(|note| note.title).collect()
    }

    #[test]
    fn every_word_must_be_in_title_or_text() {
        assert_eq!(found("water"), ["Soup", "Bread"]);
        assert_eq!(found("WATER flour"), ["Bread"]);
        assert_eq!(found("soup leek"), ["Soup"]);
        assert!(found("water snake").is_empty());
    }

    #[test]
    fn signs_of_like_mean_themselves() {
        assert_eq!(found("%"), ["Bread"]);
        assert_eq!(found("_"), ["Names"]);
        assert!(found("\\").is_empty());
    }

    #[test]
    fn search_without_a_word_is_no_search() {
        assert_eq!(Query::parse("  ").unwrap(), None);
    }

    #[test]
    fn long_search_is_refused() {
        assert!(Query::parse(&"a".repeat(MAX_QUERY_CHARS + 1)).is_err());
    }
}
