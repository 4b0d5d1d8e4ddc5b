use super::*;

fn of(sql: &str, quotes: DoubleQuotes) -> String {
    fingerprint(&Tokens::read(sql), quotes)
}

#[track_caller]
fn assert_fingerprints(quotes: DoubleQuotes, cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        let once = of(sql, quotes);
        assert_eq!(once, *expected, "{sql}");
        assert_eq!(of(&once, quotes), once, "again: {sql}");
    }
}

#[test]
fn values_are_hidden_and_spacing_is_one() {
    assert_fingerprints(
        DoubleQuotes::MayBeStrings,
        &[
            ("", ""),
            (" ; ;", ""),
            ("select 1;;", "SELECT ?"),
            (
                "SELECT a.b,c . d,t.*,count( * )FROM t",
                "SELECT a.b, c.d, t.*, count(*) FROM t",
            ),
            ("SELECT 99+100", "SELECT ? + ?"),
            (
                "SELECT a-1, a - -1, -1, - -1, -a, - -a, -(1), -+a, ~-1, -~1",
                "SELECT a - ?, a - ?, ?, ?, -a, - -a, -(?), -+a, ~?, -~?",
            ),
            (
                "SELECT -:a, -x'00', - case when a then 1 end",
                "SELECT -?, -?, - CASE WHEN a THEN ? END",
            ),
            (
                "SELECT a*-1, (-1), f(-1,+1), a||-1",
                "SELECT a * ?, (?), f(?, ?), a || ?",
            ),
            (
                "SELECT CASE a WHEN -1 THEN -2 ELSE -3 END-4",
                "SELECT CASE a WHEN ? THEN ? ELSE ? END - ?",
            ),
            (
                "SELECT a FROM t LIMIT -1 OFFSET -2",
                "SELECT a FROM t LIMIT ? OFFSET ?",
            ),
            (
                "SELECT a FROM t WHERE b LIKE -1 AND c BETWEEN -1 AND -2",
                "SELECT a FROM t WHERE b LIKE ? AND c BETWEEN ? AND ?",
            ),
            (
                "SELECT a->'$.b',a->>'c',a<<1,a<>1,a!=1,a==1,a|b&c%d/e",
                "SELECT a -> ?, a ->> ?, a << ?, a <> ?, a != ?, a == ?, a | b & c % d / e",
            ),
            (
                "SELECT true, FALSE, t.true, a IS TRUE, a AS true",
                "SELECT ?, ?, t.true, a IS ?, a AS true",
            ),
            (
                "SELECT NULL, a IS NULL, a IS NOT NULL, a NOT NULL, f(NULL)",
                "SELECT ?, a IS NULL, a IS NOT NULL, a NOT NULL, f(?)",
            ),
            (
                "SELECT a FROM t WHERE b NOTNULL AND c = null",
                "SELECT a FROM t WHERE b NOTNULL AND c = ?",
            ),
            ("SELECT $a::b(c d)e FROM t", "SELECT ? e FROM t"),
            (
                "SELECT cast(a AS text), replace(a,'b',c), exists(select 1)",
                "SELECT CAST(a AS text), replace(a, ?, c), EXISTS (SELECT ?)",
            ),
            (
                "SELECT a 'alias', 'x' AS 'alias' FROM t",
                "SELECT a ?, ? AS ? FROM t",
            ),
            (
                "SELECT * FROM [a b] JOIN `c``d` USING(id)",
                "SELECT * FROM [a b] JOIN `c``d` USING (id)",
            ),
            (
                "SELECT 1 FROM t GROUP BY a HAVING count(*)>1 ORDER BY a desc",
                "SELECT ? FROM t GROUP BY a HAVING count(*) > ? ORDER BY a DESC",
            ),
            (
                "SELECT sum(a)over(partition by b rows between 1 preceding and current row) FROM t",
                "SELECT sum(a) OVER (PARTITION BY b ROWS BETWEEN ? PRECEDING AND CURRENT ROW) FROM t",
            ),
            (
                "SELECT a FROM t WHERE b is distinct from 'c'",
                "SELECT a FROM t WHERE b IS DISTINCT FROM ?",
            ),
            (
                "SELECT a FROM t WHERE b LIKE 'x' ESCAPE '\\' COLLATE nocase",
                "SELECT a FROM t WHERE b LIKE ? ESCAPE ? COLLATE nocase",
            ),
            ("SELECT key, value FROM kv", "SELECT key, value FROM kv"),
            (
                "INSERT INTO t(a, key) SELECT 1, b FROM u",
                "INSERT INTO t(a, key) SELECT ?, b FROM u",
            ),
            (
                "UPDATE t SET (a,b)=(1,c) FROM u RETURNING *",
                "UPDATE t SET (a, b) = (?, c) FROM u RETURNING *",
            ),
            (
                "create table t(a integer primary key, b varchar(10) not null default -1, c default null references u(id) on delete set null) strict",
                "CREATE TABLE t(a integer PRIMARY KEY, b varchar(?) NOT NULL DEFAULT ?, c DEFAULT NULL REFERENCES u(id) ON DELETE SET NULL) strict",
            ),
            (
                "CREATE VIEW v(a) AS SELECT 'x'",
                "CREATE VIEW v(a) AS SELECT ?",
            ),
            (
                "CREATE INDEX i ON t(lower(a)) WHERE b='c'",
                "CREATE INDEX i ON t(lower(a)) WHERE b = ?",
            ),
            (
                "CREATE TRIGGER r BEFORE UPDATE OF a ON t WHEN new.a='x' BEGIN SELECT RAISE(ABORT,'secret'); END;",
                "CREATE TRIGGER r BEFORE UPDATE OF a ON t WHEN new.a = ? BEGIN SELECT RAISE(ABORT, ?); END",
            ),
            ("BEGIN; SELECT 1; END;", "BEGIN; SELECT ?; END"),
        ],
    );
}

#[test]
fn lists_and_rows_collapse() {
    assert_fingerprints(
        DoubleQuotes::MayBeStrings,
        &[
            (
                "SELECT a FROM t WHERE b IN (1, -2, :c, NULL, 'd')",
                "SELECT a FROM t WHERE b IN (?)",
            ),
            (
                "SELECT a FROM t WHERE b NOT IN (1, c)",
                "SELECT a FROM t WHERE b NOT IN (?, c)",
            ),
            (
                "SELECT a FROM t WHERE b IN ()",
                "SELECT a FROM t WHERE b IN ()",
            ),
            (
                "SELECT a FROM t WHERE (b, c) IN (VALUES (1, 2), (3, 4))",
                "SELECT a FROM t WHERE (b, c) IN (VALUES (?))",
            ),
            (
                "SELECT f(1, 2), (3, 4) = (5, 6)",
                "SELECT f(?, ?), (?, ?) = (?, ?)",
            ),
            (
                "INSERT INTO t VALUES (1, 2), (3, -4), (?, ?)",
                "INSERT INTO t VALUES (?)",
            ),
            (
                "INSERT INTO t VALUES (1, lower('a')), (2, lower('b'))",
                "INSERT INTO t VALUES (?, lower(?))",
            ),
            (
                "INSERT INTO t VALUES (1, a), (2, b), (3, b)",
                "INSERT INTO t VALUES (?, a), (?, b)",
            ),
            (
                "VALUES (1) UNION VALUES (1) UNION ALL VALUES (a)",
                "VALUES (?) UNION VALUES (?) UNION ALL VALUES (a)",
            ),
            (
                "INSERT INTO t VALUES ((1), (SELECT 2 WHERE a IN (3, 4)))",
                "INSERT INTO t VALUES ((?), (SELECT ? WHERE a IN (?)))",
            ),
            (
                "INSERT INTO t VALUES (1, CURRENT_TIMESTAMP)",
                "INSERT INTO t VALUES (?, CURRENT_TIMESTAMP)",
            ),
        ],
    );
}

#[test]
fn keys_and_paths_are_hidden_whatever_they_look_like() {
    assert_fingerprints(
        DoubleQuotes::AreNames,
        &[
            ("PRAGMA key = hunter2", "PRAGMA key = ?"),
            ("pragma Main.Key=hunter2;", "PRAGMA Main.Key = ?"),
            ("PRAGMA key(hunter2)", "PRAGMA key(?)"),
            ("PRAGMA key hunter2", "PRAGMA key ?"),
            ("PRAGMA key = hunter2; SELECT hunter2", "PRAGMA key = ?"),
            ("PRAGMA 'key' = hunter2", "PRAGMA ?"),
            ("EXPLAIN PRAGMA key = [hunter2]", "EXPLAIN PRAGMA key = ?"),
            ("PRAGMA a.b.c", "PRAGMA a.b ?"),
            ("PRAGMA cache_size = -2000", "PRAGMA cache_size = ?"),
            (
                "PRAGMA main.table_info(notes)",
                "PRAGMA main.table_info(notes)",
            ),
            (
                "PRAGMA INDEX_INFO([my index]);",
                "PRAGMA INDEX_INFO([my index])",
            ),
            ("PRAGMA table_info = `notes`", "PRAGMA table_info = `notes`"),
            ("PRAGMA table_info(notes, hunter2)", "PRAGMA table_info(?)"),
            ("PRAGMA table_info('notes')", "PRAGMA table_info(?)"),
            (
                "PRAGMA foreign_key_check(notes",
                "PRAGMA foreign_key_check(?)",
            ),
            ("ATTACH '/home/alice' AS a", "ATTACH ? AS a"),
            (
                "ATTACH DATABASE '/home/' || (SELECT b AS c) AS [d]",
                "ATTACH DATABASE ? AS [d]",
            ),
            (
                "ATTACH cast(hunter2 AS text) AS a KEY hunter2",
                "ATTACH ? AS a KEY ?",
            ),
            (
                "ATTACH hunter2 AS 'a' KEY x'00' || hunter2",
                "ATTACH ? AS ?",
            ),
            ("ATTACH hunter2", "ATTACH ?"),
            ("ATTACH hunter2 AS a hunter2", "ATTACH ? AS ?"),
            ("VACUUM main INTO hunter2 || '.db'", "VACUUM main INTO ?"),
            ("EXPLAIN VACUUM INTO hunter2", "EXPLAIN VACUUM INTO ?"),
            (
                "EXPLAIN QUERY PLAN VACUUM INTO hunter2",
                "EXPLAIN QUERY PLAN VACUUM INTO ?",
            ),
            (
                "CREATE VIRTUAL TABLE t USING fts5(x, y UNINDEXED, tokenize = 'porter', content=notes, [z])",
                "CREATE VIRTUAL TABLE t USING fts5(x, y UNINDEXED, tokenize = ?, content = notes, ?)",
            ),
            (
                "CREATE VIRTUAL TABLE t USING csv(filename=/home/alice/x.csv, schema = f(hunter2, a))",
                "CREATE VIRTUAL TABLE t USING csv(filename = ?, schema = ?)",
            ),
            (
                "SELECT key FROM pragma_table_info('notes')",
                "SELECT key FROM pragma_table_info(?)",
            ),
        ],
    );
}

#[test]
fn a_name_that_is_too_long_for_one_is_hidden_where_a_key_may_stand() {
    let name = "a".repeat(3000);
    for (sql, expected) in [
        (format!("ATTACH 'x' AS {name}"), "ATTACH ? AS ?"),
        (format!("PRAGMA table_info({name})"), "PRAGMA table_info(?)"),
        (format!("PRAGMA {name}"), "PRAGMA ?"),
    ] {
        assert_eq!(of(&sql, DoubleQuotes::AreNames), expected);
    }
}

#[test]
fn what_sqlite_refuses_shows_no_value_either() {
    assert_fingerprints(
        DoubleQuotes::MayBeStrings,
        &[
            ("SELEC broken", "SELEC broken"),
            ("SELEC 'secret", "SELEC ?"),
            ("a . . . b ..", "a. . . b. ."),
            ("- -> - /* */ / * x", "- -> - / * x"),
            (") ) ( [secret", ")) (?"),
            ("1secret \\ { ^", "? ? ? ?"),
            ("a ... ....b", "a ... ... . b"),
        ],
    );
}

#[test]
fn a_long_fingerprint_is_cut_behind_a_token() {
    let sql = format!("SELECT {}1 FROM t", "a + 'b', ".repeat(400));
    let fingerprint = of(&sql, DoubleQuotes::MayBeStrings);
    let (head, hash) = fingerprint.rsplit_once(" ... ").unwrap();
    assert!(head.len() <= MAX_FINGERPRINT_BYTES && head.len() > MAX_FINGERPRINT_BYTES - 16);
    assert!(head.ends_with(['?', ',', '+']));
    assert_eq!(hash.len(), 16);
    assert_eq!(of(&fingerprint, DoubleQuotes::MayBeStrings), fingerprint);
    let other = of(&sql.replace('b', "c"), DoubleQuotes::MayBeStrings);
    assert_eq!(other, fingerprint, "a literal must not change it");
    let other = of(&sql.replace("FROM t", "FROM u"), DoubleQuotes::MayBeStrings);
    assert_ne!(other, fingerprint, "the rest must change it");
}

#[test]
fn a_list_that_is_too_long_to_be_read_shows_no_length() {
    for (start, item, expected) in [
        (
            "SELECT a FROM t WHERE b IN (",
            "1,",
            "SELECT a FROM t WHERE b IN (? ...",
        ),
        (
            "SELECT a FROM t WHERE b IN (",
            "'a, b',",
            "SELECT a FROM t WHERE b IN (? ...",
        ),
        (
            "INSERT INTO t VALUES ",
            "(1, 'secret'),",
            "INSERT INTO t VALUES (?) ...",
        ),
        (
            "INSERT INTO t VALUES ",
            "('secret', a),",
            "INSERT INTO t VALUES (?, a) ...",
        ),
        ("PRAGMA key = ", "secret,", "PRAGMA key = ?"),
        // Nothing tells that this is all.
        ("PRAGMA table_info(a)", "  ", "PRAGMA table_info(?)"),
        ("ATTACH 'a' AS b ", "  ", "ATTACH ? AS ?"),
        ("SELECT ", "  ", "SELECT ..."),
    ] {
        for shift in 0..16 {
            let sql = format!("{}{start}{}", " ".repeat(shift), item.repeat(9000));
            let fingerprint = of(&sql, DoubleQuotes::MayBeStrings);
            assert_eq!(fingerprint, expected);
            assert_eq!(of(&fingerprint, DoubleQuotes::MayBeStrings), fingerprint);
        }
    }
}

#[test]
fn what_a_module_or_a_column_takes_for_a_string_is_hidden() {
    for (sql, expected) in [
        (
            "CREATE TABLE t (a TEXT DEFAULT secret, b DEFAULT current_timestamp, c DEFAULT 'x')",
            "CREATE TABLE t(a TEXT DEFAULT ?, b DEFAULT CURRENT_TIMESTAMP, c DEFAULT ?)",
        ),
        (
            "CREATE VIRTUAL TABLE t USING csv(/etc/secret.csv)",
            "CREATE VIRTUAL TABLE t USING csv(?)",
        ),
        (
            "CREATE VIRTUAL TABLE t USING m(key = secret, a, b UNINDEXED, content = notes, content = a.b)",
            "CREATE VIRTUAL TABLE t USING m(key = ?, a, b UNINDEXED, content = notes, content = ?)",
        ),
        (
            "CREATE VIRTUAL TABLE t USING fts5(body, tokenize = 'porter ascii', prefix='2 3')",
            "CREATE VIRTUAL TABLE t USING fts5(body, tokenize = ?, prefix = ?)",
        ),
    ] {
        for quotes in [DoubleQuotes::MayBeStrings, DoubleQuotes::AreNames] {
            let told = super::fingerprint(&Tokens::read(sql), quotes);
            assert_eq!(told, expected, "{sql}");
        }
    }
}

#[test]
fn a_long_fingerprint_is_not_cut_where_the_mark_would_be_hidden() {
    for end in [
        "ATTACH 'path' AS name KEY 'key'",
        "PRAGMA table_info(name)",
        "PRAGMA key = 'secret'",
    ] {
        for columns in 1990..2060 {
            let sql = format!("SELECT {}; {end}", "a".repeat(columns));
            let once = of(&sql, DoubleQuotes::AreNames);
            assert_eq!(of(&once, DoubleQuotes::AreNames), once, "{columns}: {end}");
        }
    }
}
