use super::*;
use proptest::prelude::*;

#[test]
fn verbs_and_tables_are_told() {
    for (sql, query_type, table) in [
        ("select * from Notes", "SELECT", "Notes"),
        ("SELECT * FROM notes AS n ORDER BY 1;", "SELECT", "notes"),
        ("SELECT a IS DISTINCT FROM b FROM notes", "SELECT", "notes"),
        ("SELECT 1 IS NOT DISTINCT FROM 2", "SELECT", "unknown"),
        ("SELECT * FROM заметки", "SELECT", "заметки"),
        ("VALUES (1)", "SELECT", "unknown"),
        ("SELECT * FROM notes, tags", "SELECT", "unknown"),
        ("SELECT * FROM json_each('[1]')", "SELECT", "unknown"),
        (
            "SELECT * FROM notes WHERE id IN (SELECT note_id FROM tags)",
            "SELECT",
            "unknown",
        ),
        (
            "SELECT id FROM notes UNION SELECT id FROM tags",
            "SELECT",
            "unknown",
        ),
        (
            "WITH c(x) AS (VALUES (1)) SELECT x FROM c",
            "SELECT",
            "unknown",
        ),
        (
            "WITH c AS (SELECT 1) INSERT INTO notes SELECT * FROM c",
            "INSERT",
            "notes",
        ),
        (
            "INSERT INTO notes (slug, body) VALUES ('a', 'it''s FROM me')",
            "INSERT",
            "notes",
        ),
        ("REPLACE INTO kv VALUES (x'00', 1_000)", "REPLACE", "kv"),
        (
            "UPDATE notes SET body = (SELECT 1 FROM tags)",
            "UPDATE",
            "notes",
        ),
        ("CREATE TABLE IF NOT EXISTS `notes` (id)", "CREATE", "notes"),
        (
            "CREATE VIRTUAL TABLE search USING fts5(body)",
            "CREATE",
            "search",
        ),
        ("CREATE VIEW v AS SELECT * FROM notes", "CREATE", "unknown"),
        ("DROP TABLE IF EXISTS notes", "DROP", "notes"),
        ("BEGIN IMMEDIATE", "BEGIN", "unknown"),
        ("END", "COMMIT", "unknown"),
        ("ATTACH 'secret.db' AS aux", "ATTACH", "unknown"),
        ("/* unterminated", "UNKNOWN", "unknown"),
        // Whatever follows an open quote may be a string.
        ("SELECT * FROM \"unterminated", "SELECT", "unknown"),
    ] {
        let shape = shape(sql, DoubleQuotes::MayBeStrings);
        assert_eq!(
            (shape.query_type, &*shape.table),
            (query_type, table),
            "{sql}"
        );
    }
}

/// The table of the research notes, each row with its fingerprint.
#[test]
fn expected_results_of_the_research_hold() {
    for (sql, query_type, table, expected) in [
        (
            "SELECT id FROM notes WHERE id=2",
            "SELECT",
            "notes",
            "SELECT id FROM notes WHERE id = ?",
        ),
        (
            "SELECT * FROM [order items]",
            "SELECT",
            "order items",
            "SELECT * FROM [order items]",
        ),
        (
            "SELECT * FROM main.notes n WHERE n.id IN (1,2,3)",
            "SELECT",
            "notes",
            "SELECT * FROM main.notes n WHERE n.id IN (?)",
        ),
        (
            "-- find by slug\nSELECT * FROM notes",
            "SELECT",
            "notes",
            "SELECT * FROM notes",
        ),
        (
            "SELECT * FROM /* FROM x */ notes -- tail",
            "SELECT",
            "notes",
            "SELECT * FROM notes",
        ),
        (
            "SELECT * FROM notes LEFT JOIN tags USING(id)",
            "SELECT",
            "unknown",
            "SELECT * FROM notes LEFT JOIN tags USING (id)",
        ),
        (
            "SELECT * FROM notes WHERE id IN (SELECT note_id FROM tags WHERE name = 'rust')",
            "SELECT",
            "unknown",
            "SELECT * FROM notes WHERE id IN (SELECT note_id FROM tags WHERE name = ?)",
        ),
        (
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 10) SELECT x FROM c",
            "SELECT",
            "unknown",
            "WITH RECURSIVE c(x) AS (SELECT ? UNION ALL SELECT x + ? FROM c WHERE x < ?) SELECT x FROM c",
        ),
        ("SELECT 1", "SELECT", "unknown", "SELECT ?"),
        (
            "SELECT trim('  x FROM y ') FROM notes",
            "SELECT",
            "notes",
            "SELECT trim(?) FROM notes",
        ),
        (
            "INSERT INTO notes (slug, body) VALUES ('hello', 'it''s FROM me')",
            "INSERT",
            "notes",
            "INSERT INTO notes(slug, body) VALUES (?)",
        ),
        (
            "INSERT OR IGNORE INTO main.\"kv\" DEFAULT VALUES",
            "INSERT",
            "kv",
            "INSERT OR IGNORE INTO main.\"kv\" DEFAULT VALUES",
        ),
        (
            "INSERT INTO kv(k,v) VALUES(:k, :v) ON CONFLICT(k) DO UPDATE SET v = excluded.v RETURNING v",
            "INSERT",
            "kv",
            "INSERT INTO kv(k, v) VALUES (?) ON CONFLICT (k) DO UPDATE SET v = excluded.v RETURNING v",
        ),
        (
            "UPDATE OR IGNORE notes SET slug = 'x'",
            "UPDATE",
            "notes",
            "UPDATE OR IGNORE notes SET slug = ?",
        ),
        (
            "DELETE FROM notes WHERE id = -7",
            "DELETE",
            "notes",
            "DELETE FROM notes WHERE id = ?",
        ),
        (
            "CREATE UNIQUE INDEX IF NOT EXISTS ix ON notes(slug)",
            "CREATE",
            "notes",
            "CREATE UNIQUE INDEX IF NOT EXISTS ix ON notes(slug)",
        ),
        (
            "CREATE TEMP TRIGGER tr AFTER INSERT ON notes BEGIN INSERT INTO audit VALUES(1); END",
            "CREATE",
            "notes",
            "CREATE TEMP TRIGGER tr AFTER INSERT ON notes BEGIN INSERT INTO audit VALUES (?); END",
        ),
        (
            "ALTER TABLE notes ADD COLUMN x",
            "ALTER",
            "notes",
            "ALTER TABLE notes ADD COLUMN x",
        ),
        (
            "PRAGMA table_info(notes)",
            "PRAGMA",
            "unknown",
            "PRAGMA table_info(notes)",
        ),
        (
            "PRAGMA main.rekey=\"hunter2\"",
            "PRAGMA",
            "unknown",
            "PRAGMA main.rekey = ?",
        ),
        (
            "PRAGMA key = hunter2",
            "PRAGMA",
            "unknown",
            "PRAGMA key = ?",
        ),
        (
            "ATTACH '/home/alice/x.db' AS aux KEY 'hunter2'",
            "ATTACH",
            "unknown",
            "ATTACH ? AS aux KEY ?",
        ),
        (
            "VACUUM main INTO '/home/alice/x.db'",
            "VACUUM",
            "unknown",
            "VACUUM main INTO ?",
        ),
        ("COMMIT", "COMMIT", "unknown", "COMMIT"),
        (
            "SAVEPOINT _rusqlite_sp",
            "SAVEPOINT",
            "unknown",
            "SAVEPOINT _rusqlite_sp",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT * FROM notes",
            "EXPLAIN",
            "unknown",
            "EXPLAIN QUERY PLAN SELECT * FROM notes",
        ),
        ("DETACH aux", "DETACH", "unknown", "DETACH aux"),
        ("ANALYZE notes", "ANALYZE", "notes", "ANALYZE notes"),
        ("REINDEX ix", "REINDEX", "unknown", "REINDEX ix"),
        (
            "SELECT * FROM \"weird\"\"name\"",
            "SELECT",
            "weird\"name",
            "SELECT * FROM \"weird\"\"name\"",
        ),
        ("", "UNKNOWN", "unknown", ""),
        (
            "SELECT * FROM notes WHERE path = 'C:\\' AND name = 'alice'",
            "SELECT",
            "notes",
            "SELECT * FROM notes WHERE path = ? AND name = ?",
        ),
        (
            "SELECT * FROM notes WHERE name = \"alice\"",
            "SELECT",
            "notes",
            "SELECT * FROM notes WHERE name = ?",
        ),
        ("SELECT $1", "SELECT", "unknown", "SELECT ?"),
        (
            "SELECT * FROM notes WHERE id IN tags",
            "SELECT",
            "unknown",
            "SELECT * FROM notes WHERE id IN tags",
        ),
        (
            "SELECT (SELECT 1 FROM tags) FROM notes",
            "SELECT",
            "unknown",
            "SELECT (SELECT ? FROM tags) FROM notes",
        ),
        ("SELEC broken", "UNKNOWN", "unknown", "SELEC broken"),
        (
            "; SELECT 1 FROM notes",
            "SELECT",
            "notes",
            "SELECT ? FROM notes",
        ),
    ] {
        let shape = shape(sql, DoubleQuotes::MayBeStrings);
        assert_eq!(
            (shape.query_type, &*shape.table, &*shape.fingerprint),
            (query_type, table, expected),
            "{sql}"
        );
        let name = match table {
            "unknown" => query_type.to_owned(),
            table => format!("{query_type} {table}"),
        };
        assert_eq!(*shape.name, *name);
    }
}

#[test]
fn effects_on_a_transaction_are_told() {
    let sp = hash("sp".bytes());
    for (sql, effect) in [
        ("SELECT 1", Effect::Read),
        ("VALUES (1)", Effect::Read),
        ("EXPLAIN INSERT INTO t VALUES (1)", Effect::Read),
        ("PRAGMA user_version", Effect::Read),
        ("ATTACH 'x' AS a", Effect::Read),
        ("DETACH a", Effect::Read),
        ("WITH c AS (SELECT 1) SELECT 1", Effect::Read),
        ("broken", Effect::Read),
        ("WITH c AS (SELECT 1) INSERT INTO t SELECT 1", Effect::Write),
        (
            "WITH c AS (SELECT 1) REPLACE INTO t SELECT 1",
            Effect::Write,
        ),
        ("INSERT INTO t VALUES (1)", Effect::Write),
        ("REPLACE INTO t VALUES (1)", Effect::Write),
        ("UPDATE OR ROLLBACK t SET a = 1", Effect::Write),
        ("DELETE FROM t", Effect::Write),
        ("CREATE TABLE t(a)", Effect::Write),
        ("ALTER TABLE t RENAME TO u", Effect::Write),
        ("DROP TABLE t", Effect::Write),
        ("ANALYZE", Effect::Write),
        ("VACUUM", Effect::Write),
        ("REINDEX", Effect::Write),
        ("BEGIN", Effect::Begin),
        ("begin transaction;", Effect::Begin),
        ("BEGIN DEFERRED TRANSACTION", Effect::Begin),
        ("BEGIN immediate", Effect::BeginWrite),
        ("BEGIN EXCLUSIVE TRANSACTION", Effect::BeginWrite),
        ("COMMIT", Effect::Commit),
        ("END TRANSACTION", Effect::Commit),
        ("ROLLBACK", Effect::Rollback),
        ("ROLLBACK TRANSACTION", Effect::Rollback),
        ("ROLLBACK TO sp", Effect::RollbackTo(sp)),
        (
            "ROLLBACK TRANSACTION TO SAVEPOINT [SP]",
            Effect::RollbackTo(sp),
        ),
        ("SAVEPOINT \"sP\";", Effect::Savepoint(sp)),
        ("SAVEPOINT 'sp' -- a", Effect::Savepoint(sp)),
        ("RELEASE `sp`", Effect::Release(sp)),
        ("RELEASE SAVEPOINT sp", Effect::Release(sp)),
        ("SAVEPOINT begin", Effect::Savepoint(hash("begin".bytes()))),
    ] {
        assert_eq!(shape(sql, DoubleQuotes::AreNames).effect, effect, "{sql}");
    }
}

#[test]
fn of_refused_text_only_the_verb_is_told() {
    for (sql, verb) in [
        ("select secret from \"secret\" where 'secret", "SELECT"),
        ("INSERT INTO secret VALUS ('secret')", "INSERT"),
        ("REPLACE secret", "REPLACE"),
        ("PRAGMA key == secret", "PRAGMA"),
        ("secret", "UNKNOWN"),
        ("", "UNKNOWN"),
    ] {
        let shape = refused(sql);
        assert_eq!((shape.query_type, &*shape.table), (verb, "unknown"));
        assert_eq!((&*shape.name, &*shape.fingerprint), (verb, verb));
        assert_eq!(shape.effect, Effect::Read);
    }
}

#[test]
fn a_table_can_be_told_from_elsewhere() {
    let join = shape("SELECT 1 FROM a, b", DoubleQuotes::AreNames);
    let shape = named(&join, "a");
    assert_eq!((&*shape.table, &*shape.name), ("a", "SELECT a"));
    assert_eq!(shape.fingerprint, join.fingerprint);
    assert_eq!(named(&shape, ""), join);
    assert_eq!(named(&join, &"é".repeat(500)).table.len(), MAX_TABLE_BYTES);
}

#[test]
fn what_is_too_long_to_be_read_whole_is_unknown() {
    let sql = format!("SELECT * FROM notes WHERE id IN ({}) ", "1,".repeat(10_000));
    assert_eq!(&*shape(&sql, DoubleQuotes::MayBeStrings).table, "notes");
    let sql = format!("SELECT {} FROM notes", "a,".repeat(10_000));
    assert_eq!(&*shape(&sql, DoubleQuotes::MayBeStrings).table, "unknown");
    let sql = format!("SELECT * FROM notes {}, tags", " ".repeat(10_000));
    assert_eq!(&*shape(&sql, DoubleQuotes::MayBeStrings).table, "unknown");
}

#[test]
fn a_long_table_name_is_cut() {
    let sql = format!("SELECT * FROM {}", "é".repeat(500));
    assert_eq!(
        shape(&sql, DoubleQuotes::MayBeStrings).table.len(),
        MAX_TABLE_BYTES
    );
}

proptest! {
    #[test]
    fn any_text_has_a_shape(sql in any::<String>()) {
        shape(&sql, DoubleQuotes::MayBeStrings);
    }

    #[test]
    fn text_in_strings_never_names_the_table(inside in "[a-z' ]{0,20}") {
        let literal = inside.replace('\'', "''");
        let sql = format!("SELECT '{literal}' FROM notes WHERE a = '{literal}'");
        prop_assert_eq!(&*shape(&sql, DoubleQuotes::MayBeStrings).table, "notes");
    }
}
