//! The table of visits that `--slow-demo` reads: made and filled before the server starts, and only with that flag.
//!
//! It is no step of [`crate::schema`]: a blog without the flag has no such table.

use rusqlite::{Connection, TransactionBehavior, params};
use starpunk_metrics::monitored_query;

use crate::notes::count;

/// Number of generated visits. A table of up to 1000 rows may be read whole: that is no finding.
pub(crate) const VISITS: u32 = 20_000;

/// Number of sites that they came from, so that each sent one visit in a thousand.
const REFERRERS: u32 = 1_000;

/// Number of notes that they went to: the sample notes.
const NOTES: u32 = 12;

/// Makes the table and its visits, if it has none. They are the same in every blog.
pub(crate) fn fill_empty(conn: &mut Connection) -> rusqlite::Result<()> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // The index on `referrer` is what it lacks. It has no foreign key either: a note with visits may be deleted as ever.
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS visit (
             id       INTEGER PRIMARY KEY,
             note_id  INTEGER NOT NULL,
             seen_at  INTEGER NOT NULL, -- seconds since 1970
             referrer TEXT NOT NULL
         ) STRICT",
    )?;
    let is_filled: bool =
        transaction.query_row("SELECT EXISTS (SELECT 1 FROM visit)", [], |row| row.get(0))?;
    if !is_filled {
        let mut insert = transaction
            .prepare("INSERT INTO visit (note_id, seen_at, referrer) VALUES (?1, ?2, ?3)")?;
        for number in 0..VISITS {
            insert.execute(params![1 + number % NOTES, seen(number), referrer(number)])?;
        }
    }
    transaction.commit()
}

/// The address of one of the sites; every [`REFERRERS`]th visit came from the same.
pub(crate) fn referrer(number: u32) -> String {
    format!("https://reader-{}.example/", number % REFERRERS)
}

/// Number of visits that came from `referrer`. 1 statement, which looks at every visit.
#[monitored_query]
pub(crate) fn count_visits(conn: &Connection, referrer: &str) -> rusqlite::Result<u64> {
    count(
        conn,
        "SELECT count(*) FROM visit WHERE referrer = ?1",
        [referrer],
    )
}

/// The visits begin in 2025, one a minute.
fn seen(number: u32) -> i64 {
    const FIRST: i64 = 1_735_689_600; // 1 January 2025
    FIRST + i64::from(number) * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visits(conn: &Connection) -> u64 {
        count(conn, "SELECT count(*) FROM visit", []).unwrap()
    }

    #[test]
    fn empty_table_is_filled_once() {
        let mut conn = Connection::open_in_memory().unwrap();
        fill_empty(&mut conn).unwrap();
        assert_eq!(visits(&conn), u64::from(VISITS));
        fill_empty(&mut conn).unwrap();
        assert_eq!(visits(&conn), u64::from(VISITS));
    }

    #[test]
    fn every_referrer_sent_few_of_the_visits() {
        let mut conn = Connection::open_in_memory().unwrap();
        fill_empty(&mut conn).unwrap();
        for number in [0, REFERRERS - 1] {
            let from_it = count_visits(&conn, &referrer(number)).unwrap();
            assert_eq!(from_it, u64::from(VISITS / REFERRERS));
        }
        assert_eq!(count_visits(&conn, "https://nobody.example/").unwrap(), 0);
    }
}
