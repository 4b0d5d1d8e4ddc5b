//! The blog in numbers, as `/slow/many` asks for them: each number of each period with a statement of its own.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use starpunk_metrics::monitored_query;

/// The periods, and how many days back they begin.
pub(crate) const PERIODS: [(&str, i64); 4] =
    [("week", 7), ("month", 30), ("year", 365), ("decade", 3_652)];

/// What is counted of the notes of a period. For four periods that is no repetition of any of them, but it is many.
pub(crate) const NUMBERS: [(&str, &str); 13] = [
    ("notes", "SELECT count(*) FROM note WHERE created_at >= ?1"),
    (
        "edited notes",
        "SELECT count(*) FROM note WHERE created_at >= ?1 AND updated_at > created_at",
    ),
    (
        "notes with code",
        "SELECT count(*) FROM note WHERE created_at >= ?1 AND body LIKE '%`%'",
    ),
    (
        "characters",
        "SELECT total(length(body)) FROM note WHERE created_at >= ?1",
    ),
    (
        "characters of the longest note",
        "SELECT max(length(body)) FROM note WHERE created_at >= ?1",
    ),
    (
        "characters of the shortest note",
        "SELECT min(length(body)) FROM note WHERE created_at >= ?1",
    ),
    (
        "characters of a note on average",
        "SELECT avg(length(body)) FROM note WHERE created_at >= ?1",
    ),
    (
        "characters of the longest title",
        "SELECT max(length(title)) FROM note WHERE created_at >= ?1",
    ),
    (
        "characters of the longest address",
        "SELECT max(length(slug)) FROM note WHERE created_at >= ?1",
    ),
    (
        "days with a note",
        "SELECT count(DISTINCT created_at / 86400) FROM note WHERE created_at >= ?1",
    ),
    (
        "tags given",
        "SELECT count(*) FROM note JOIN note_tag ON note_id = id WHERE created_at >= ?1",
    ),
    (
        "different tags",
        "SELECT count(DISTINCT tag) FROM note JOIN note_tag ON note_id = id WHERE created_at >= ?1",
    ),
    (
        "notes without a tag",
        "SELECT count(*) FROM note LEFT JOIN note_tag ON note_id = id WHERE created_at >= ?1 AND tag IS NULL",
    ),
];

/// The lines of the table: the name of a number, and that number of each period. As many statements as there are numbers.
pub(crate) fn table(
    conn: &Connection,
    now: DateTime<Utc>,
) -> rusqlite::Result<Vec<(&'static str, Vec<i64>)>> {
    let lines = NUMBERS.into_iter().map(|(name, sql)| {
        let numbers = PERIODS.into_iter().map(|(_, days)| {
            let since = now - TimeDelta::days(days);
            number(conn, sql, since.timestamp())
        });
        Ok((name, numbers.collect::<rusqlite::Result<_>>()?))
    });
    lines.collect()
}

/// One number. 1 statement.
#[monitored_query]
fn number(conn: &Connection, sql: &str, since: i64) -> rusqlite::Result<i64> {
    // Of no note there is no longest one.
    let number: Option<f64> = conn
        .prepare_cached(sql)?
        .query_row([since], |row| row.get(0))?;
    Ok(number.unwrap_or(0.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample, schema};

    fn lines(conn: &Connection) -> Vec<(&'static str, Vec<i64>)> {
        table(conn, Utc::now()).unwrap()
    }

    #[test]
    fn every_number_of_an_empty_blog_is_zero() {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::migrate(&mut conn).unwrap();
        assert!(lines(&conn).iter().all(|(_, numbers)| numbers == &[0; 4]));
    }

    #[test]
    fn numbers_are_those_of_the_notes() {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::migrate(&mut conn).unwrap();
        sample::fill_empty(&mut conn).unwrap();
        let lines = lines(&conn);
        let of_decade = |wanted: &str| {
            let line = lines.iter().find(|(name, _)| *name == wanted);
            line.unwrap().1[3]
        };
        assert_eq!(of_decade("notes"), 12);
        assert!(
            of_decade("characters of the longest note")
                > of_decade("characters of the shortest note")
        );
        assert!(of_decade("tags given") > of_decade("different tags"));
    }
}
