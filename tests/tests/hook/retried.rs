//! Statements that are prepared again because the schema has changed, and statements that are refused.

use std::sync::{Arc, Mutex};

use r2d2::ManageConnection;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::{Connection, ffi};
use starpunk_metrics::Outcome;
use starpunk_metrics::sqlite::{SqliteManager, instrument};
use starpunk_metrics_tests::{config, names, only, pipeline};

use crate::support::{Database, count_rows, fill, newest, ok, run, told};

#[test]
fn a_changed_schema_of_an_attached_database_is_one_record_with_its_rows() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let (near, far) = (Database::new(), Database::new());
    let mut connection = near.plain(100);
    far.attach_to(&connection);
    instrument(&mut connection).unwrap();
    let mut statement = connection
        .prepare("SELECT a.id FROM main.notes a JOIN aux.notes b ON a.id = b.id")
        .unwrap();
    assert_eq!(statement.query_map([], |_| Ok(())).unwrap().count(), 10);
    far.create_table("made");
    assert_eq!(statement.query_map([], |_| Ok(())).unwrap().count(), 10);
    let told = told(&metrics);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1].1, "10");
}

#[test]
fn a_schema_that_changes_again_while_it_is_read_is_one_record() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let database = Arc::new(Database::new());
    let mut connection = database.watched(100);
    let to_make = Arc::new(Mutex::new(Vec::new()));
    connection
        .authorizer(Some({
            let (database, to_make) = (Arc::clone(&database), Arc::clone(&to_make));
            move |_: AuthContext<'_>| {
                if let Some(name) = to_make.lock().unwrap().pop() {
                    database.create_table(name);
                }
                Authorization::Allow
            }
        }))
        .unwrap();
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    assert_eq!(statement.query_map([], |_| Ok(())).unwrap().count(), 10);
    *to_make.lock().unwrap() = vec!["one", "two", "three"];
    database.create_table("zero");
    assert_eq!(statement.query_map([], |_| Ok(())).unwrap().count(), 10);
    assert!(to_make.lock().unwrap().is_empty(), "it changed each time");
    assert_eq!(
        told(&metrics),
        [ok("SELECT notes", 10), ok("SELECT notes", 10)]
    );
}

#[test]
fn a_pragma_that_is_prepared_again_has_its_rows() {
    let metrics = pipeline(config());
    let database = Database::new();
    let connection = database.watched(0);
    let _entered = metrics.enter();
    run(&connection, "SELECT 1 FROM notes").unwrap();
    database.create_table("made");
    assert_eq!(count_rows(&connection, "PRAGMA table_info(notes)"), 2);
    assert_eq!(told(&metrics)[1].1, "2");
}

#[test]
fn nothing_that_succeeds_is_told_as_refused() {
    for (before, sql) in SUCCEED {
        let mut connection = Connection::open_in_memory().unwrap();
        fill(&connection);
        connection.execute_batch(before).unwrap();
        instrument(&mut connection).unwrap();
        let metrics = pipeline(config());
        let _entered = metrics.enter();
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.raw_query().mapped(|_| Ok(()));
        let rows = rows.collect::<rusqlite::Result<Vec<_>>>().unwrap().len();
        let told = told(&metrics);
        assert_eq!(told.len(), 1, "{sql}: {told:?}");
        assert_eq!(told[0].1, rows.to_string(), "{sql}");
        assert_eq!(told[0].2, Outcome::Ok, "{sql}");
    }
}

#[test]
fn what_is_refused_inside_a_cursor_is_not_lost() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let database = Database::new();
    let connection = database.watched(0);
    let _other = database.locked();
    let mut statement = connection.prepare("SELECT id FROM notes").unwrap();
    let mut rows = statement.query([]).unwrap();
    rows.next().unwrap();
    connection.execute("DELETE FROM notes", []).unwrap_err();
    drop(rows);
    drop(statement);
    drop(connection);
    let told = told(&metrics);
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn an_explain_in_the_place_of_one_that_was_refused_is_itself() {
    let metrics = pipeline(config());
    let database = Database::new();
    let connection = database.watched(0);
    let _entered = metrics.enter();
    run(&connection, "SELECT 1 FROM notes").unwrap();
    let _other = database.locked();
    for _ in 0..20 {
        connection
            .execute("DELETE FROM notes WHERE id = 1234567", [])
            .unwrap_err();
        let steps = count_rows(&connection, "EXPLAIN DELETE FROM notes WHERE id = 123");
        assert!(steps > 0);
    }
    drop(connection);
    let told = told(&metrics);
    let explained = told.iter().filter(|(name, ..)| name == "EXPLAIN").count();
    let refused = told.iter().filter(|told| told.2 != Outcome::Ok).count();
    assert_eq!((explained, refused), (20, 20), "{told:?}");
}

#[test]
fn a_refusal_that_is_told_late_belongs_to_its_own_pipeline() {
    let database = Database::new();
    let connection = database.watched(0);
    let _other = database.locked();
    let (first, second) = (pipeline(config()), pipeline(config()));
    {
        let _entered = first.enter();
        run(&connection, "SELECT 1 FROM notes").unwrap();
        connection
            .execute("DELETE FROM notes WHERE id = 3", [])
            .unwrap_err();
    }
    {
        let _entered = second.enter();
        run(&connection, "SELECT 2").unwrap();
    }
    assert_eq!(names(&second), ["SELECT"]);
    assert_eq!(names(&first), ["SELECT notes", "DELETE notes"]);
}

#[test]
fn a_table_that_is_locked_in_a_shared_cache_is_a_failure() {
    let manager = SqliteManager::memory();
    let (writer, reader) = (manager.connect().unwrap(), manager.connect().unwrap());
    writer
        .execute_batch("CREATE TABLE notes (id); INSERT INTO notes VALUES (1)")
        .unwrap();
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let plain: &Connection = &reader;
    run(plain, "SELECT id FROM notes").unwrap();
    writer
        .execute_batch("BEGIN; INSERT INTO notes VALUES (2)")
        .unwrap();
    run(plain, "SELECT id FROM notes").unwrap_err();
    writer.execute_batch("COMMIT").unwrap();
    run(plain, "SELECT id FROM notes").unwrap();
    let told = told(&metrics);
    assert_eq!(told.len(), 6, "{told:?}");
    let failed = told.iter().filter(|told| told.2 != Outcome::Ok).count();
    assert_eq!(failed, 1, "{told:?}");
}

#[test]
fn a_checkpoint_that_could_not_finish_did_not_fail() {
    let database = Database::new();
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let reader = database.plain(0);
    reader.execute_batch("BEGIN").unwrap();
    run(&reader, "SELECT count(*) FROM notes").unwrap();
    database
        .plain(0)
        .execute_batch("DELETE FROM notes")
        .unwrap();
    let busy: i64 = database
        .watched(10)
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .unwrap();
    assert_eq!(busy, 1);
    assert_eq!(only(&metrics).outcome, Outcome::Ok);
}

#[test]
fn a_refused_prepare_is_not_the_failure_of_the_next_statement() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let database = Database::with_journal("DELETE");
    let connection = database.watched(20);
    let other = database.plain(0);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = connection.prepare("SELECT id FROM notes").unwrap_err();
    assert_eq!(
        error.sqlite_error().unwrap().extended_code,
        ffi::SQLITE_BUSY
    );
    other.execute_batch("COMMIT").unwrap();
    run(&connection, "SELECT 1").unwrap();
    assert_eq!(newest(&metrics).outcome, Outcome::Ok);
}

/// What is run before, without being watched, and a statement that succeeds then, often without any row.
const SUCCEED: [(&str, &str); 58] = [
    ("", "SELECT 1 WHERE 0"),
    ("", "SELECT 1 LIMIT 0"),
    ("", "SELECT id FROM notes WHERE 0"),
    ("", "SELECT id FROM notes LIMIT 0"),
    ("", "VALUES (1)"),
    ("", "SELECT NULL WHERE NULL"),
    ("", "DELETE FROM notes WHERE 0"),
    ("", "UPDATE notes SET id = id WHERE 0"),
    ("", "INSERT INTO notes SELECT 1, 2 WHERE 0"),
    ("", "INSERT INTO notes SELECT id, body FROM notes WHERE 0"),
    ("", "SELECT id FROM notes WHERE id IS NULL"),
    ("", "SELECT id FROM notes WHERE 1 = 2"),
    ("", "SELECT 1 FROM notes WHERE rowid < 0 AND 0"),
    ("", "SELECT (SELECT 1) WHERE 0"),
    ("", "WITH x AS (SELECT 1) SELECT * FROM x WHERE 0"),
    ("", "SELECT 1 UNION SELECT 2 LIMIT 0"),
    ("", "SELECT * FROM pragma_database_list WHERE 0"),
    ("", "SELECT * FROM json_each('[]')"),
    ("", "SELECT count(*) FROM notes WHERE 0"),
    ("", "SELECT id FROM notes WHERE 0 ORDER BY body"),
    ("", "REPLACE INTO notes SELECT 1, 2 WHERE 0"),
    ("", "DELETE FROM notes WHERE id = -1"),
    ("", "INSERT OR IGNORE INTO notes VALUES (1, 'x')"),
    ("", "REPLACE INTO notes VALUES (1, 'q')"),
    ("", "UPDATE OR IGNORE notes SET id = 2 WHERE id = 1"),
    ("", "BEGIN IMMEDIATE"),
    ("", "BEGIN EXCLUSIVE"),
    ("", "BEGIN"),
    ("BEGIN", "COMMIT"),
    ("BEGIN", "END"),
    ("BEGIN", "ROLLBACK"),
    ("", "SAVEPOINT a"),
    ("SAVEPOINT a", "RELEASE a"),
    ("", "PRAGMA user_version"),
    ("", "PRAGMA user_version = 5"),
    ("", "PRAGMA foreign_keys = 1"),
    ("", "PRAGMA nonsense"),
    ("", "PRAGMA optimize"),
    ("", "CREATE TABLE IF NOT EXISTS notes (x)"),
    ("", "DROP TABLE IF EXISTS nope"),
    ("", "DROP INDEX IF EXISTS nope"),
    ("", "CREATE INDEX IF NOT EXISTS i ON notes (body)"),
    ("", "REINDEX"),
    ("", "ANALYZE"),
    ("", "VACUUM"),
    ("", "CREATE VIEW v AS SELECT 1"),
    (
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIEW IF NOT EXISTS v AS SELECT 1",
    ),
    ("CREATE VIEW v AS SELECT 1", "DROP VIEW v"),
    ("", "ATTACH ':memory:' AS m"),
    ("ATTACH ':memory:' AS m", "DETACH m"),
    ("", "CREATE TEMP TABLE t (x)"),
    ("CREATE TEMP TABLE t (x)", "INSERT INTO t VALUES (1)"),
    ("CREATE TEMP TABLE t (x)", "DELETE FROM t"),
    ("CREATE TEMP TABLE t (x)", "DROP TABLE t"),
    ("", "ALTER TABLE notes ADD COLUMN z"),
    (
        "ALTER TABLE notes ADD COLUMN z",
        "ALTER TABLE notes RENAME COLUMN z TO y",
    ),
    (
        "ALTER TABLE notes ADD COLUMN z",
        "ALTER TABLE notes DROP COLUMN z",
    ),
    (
        "CREATE INDEX i ON notes (body)",
        "CREATE INDEX IF NOT EXISTS i ON notes (body)",
    ),
];
