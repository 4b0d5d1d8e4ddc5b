//! The tables, as steps from one version to the next. `PRAGMA user_version` holds the number of steps taken.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::BlogError;

/// Never change a step that has been released: add one.
const STEPS: &[&str] = &[
    // 1: notes and their tags.
    "CREATE TABLE note (
         id         INTEGER PRIMARY KEY,
         slug       TEXT NOT NULL UNIQUE,
         title      TEXT NOT NULL,
         body       TEXT NOT NULL,
         created_at INTEGER NOT NULL, -- seconds since 1970
         updated_at INTEGER NOT NULL  -- seconds since 1970
     ) STRICT;
     CREATE TABLE note_tag (
         note_id INTEGER NOT NULL REFERENCES note (id),
         tag     TEXT NOT NULL,
         PRIMARY KEY (note_id, tag)
     ) STRICT, WITHOUT ROWID;",
    // 2: the newest notes first, and the notes of a tag, without reading them all.
    "CREATE INDEX note_by_age ON note (created_at DESC, id DESC);
     CREATE INDEX note_tag_by_tag ON note_tag (tag, note_id);",
];

/// Takes the steps that this database has not taken yet, each one whole or not at all.
///
/// # Errors
///
/// [`BlogError::Database`]; and [`BlogError::BadRequest`] if the file was written by a newer blog.
pub(crate) fn migrate(conn: &mut Connection) -> Result<(), BlogError> {
    // Immediate: of two processes that start at once the second one waits, and then finds the steps taken.
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken: usize =
        transaction.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? as usize;
    let Some(missing) = STEPS.get(taken..) else {
        return Err(BlogError::BadRequest(format!(
            "the database is of version {taken}, and this blog knows only {}: start a newer blog",
            STEPS.len()
        )));
    };
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len() as u32)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(conn: &Connection) -> u32 {
        conn.pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn migrating_twice_changes_nothing_the_second_time() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.execute(
            "INSERT INTO note (slug, title, body, created_at, updated_at) VALUES ('a', 'a', 'a', 0, 0)",
            [],
        )
        .unwrap();
        migrate(&mut conn).unwrap();
        let notes: u32 = conn
            .query_row("SELECT count(*) FROM note", [], |row| row.get(0))
            .unwrap();
        assert_eq!(notes, 1);
        assert_eq!(version(&conn), STEPS.len() as u32);
    }

    #[test]
    fn old_database_takes_only_the_steps_it_lacks() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(STEPS[0]).unwrap();
        conn.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn), STEPS.len() as u32);
    }

    #[test]
    fn database_of_a_newer_blog_is_left_alone() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "user_version", 99).unwrap();
        assert!(migrate(&mut conn).is_err());
        assert_eq!(version(&conn), 99);
    }
}
