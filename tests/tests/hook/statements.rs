//! The statements that random programs are made of, each with the name that it is recorded by.

pub(crate) const READS: [(&str, &str); 13] = [
    ("SELECT notes", "SELECT id FROM notes"),
    ("SELECT notes", "SELECT id FROM notes WHERE id > 3"),
    ("SELECT notes", "SELECT body FROM notes ORDER BY body"),
    (
        "SELECT",
        "SELECT a.id FROM notes a JOIN tags b ON a.id = b.note",
    ),
    (
        "SELECT search",
        "SELECT body FROM search WHERE search MATCH 'note'",
    ),
    ("SELECT search", "SELECT body FROM search"),
    ("SELECT", "SELECT value FROM json_each('[1,2,3]')"),
    ("SELECT places", "SELECT id FROM places WHERE a > 1"),
    // Fails at the fifth row.
    (
        "SELECT",
        "SELECT abs(CASE WHEN id = 5 THEN -9223372036854775808 ELSE id END)
         FROM (SELECT id FROM notes ORDER BY id)",
    ),
    ("SELECT", "SELECT name FROM pragma_table_info('notes')"),
    (
        "SELECT",
        "SELECT n.id FROM main.notes n JOIN aux.far f ON f.id = n.id",
    ),
    ("SELECT far", "SELECT id FROM aux.far"),
    (
        "SELECT",
        "SELECT body FROM (SELECT body FROM notes LIMIT 1) UNION ALL SELECT body FROM search",
    ),
];

pub(crate) const WRITES: [(&str, &str); 17] = [
    (
        "INSERT notes",
        "INSERT INTO notes (body) VALUES (lower(total_changes()))",
    ),
    (
        "INSERT notes",
        "INSERT INTO notes (id, body) VALUES (5, 'again')",
    ),
    (
        "INSERT notes",
        "INSERT OR ROLLBACK INTO notes (id, body) VALUES (5, 'again')",
    ),
    (
        "INSERT notes",
        "-- c\nINSERT OR IGNORE INTO notes (id, body) VALUES (5, 'again')",
    ),
    (
        "UPDATE notes",
        "UPDATE notes SET body = 'x' || id WHERE id % 2 = 0",
    ),
    ("DELETE notes", "DELETE FROM notes WHERE id = 7"),
    (
        "DELETE notes",
        "WITH x AS (SELECT 9 AS i) DELETE FROM notes WHERE id IN (SELECT i FROM x)",
    ),
    ("INSERT search", "INSERT INTO search VALUES ('a note')"),
    ("INSERT places", "INSERT INTO places (a, b) VALUES (2, 3)"),
    ("INSERT t", "INSERT INTO t VALUES (1)"),
    (
        "INSERT tags",
        "INSERT INTO tags SELECT id, 'a' FROM notes WHERE id < 3",
    ),
    ("DELETE tags", "DELETE FROM tags WHERE note = 2"),
    ("INSERT far", "INSERT INTO aux.far DEFAULT VALUES"),
    ("CREATE made", "CREATE TABLE IF NOT EXISTS made (x)"),
    ("DROP made", "DROP TABLE IF EXISTS made"),
    ("ANALYZE", "ANALYZE"),
    ("VACUUM", "VACUUM"),
];

pub(crate) const CONTROL: [(&str, &str); 9] = [
    ("BEGIN", "BEGIN"),
    ("BEGIN", "BEGIN IMMEDIATE"),
    ("COMMIT", "COMMIT"),
    ("COMMIT", "END"),
    ("ROLLBACK", "ROLLBACK"),
    ("SAVEPOINT", "SAVEPOINT a"),
    ("RELEASE", "RELEASE a"),
    ("ROLLBACK", "ROLLBACK TO a"),
    ("PRAGMA", "PRAGMA foreign_keys = 1"),
];
