use crate::instrument::sqlite::text::fingerprint::{DoubleQuotes, fingerprint};
use crate::instrument::sqlite::text::lexer::Tokens;

fn of(sql: &str, quotes: DoubleQuotes) -> String {
    fingerprint(&Tokens::read(sql), quotes)
}

#[test]
fn what_may_be_a_string_is_shown_only_where_a_name_must_stand() {
    let shown = [
        r#"SELECT "a"."b", "a".b, a."b", "a".*, ?, ? AS "c" FROM "d" AS "e" JOIN "f"."g" ON "e".x = ? INDEXED BY "h""#,
        r#"SELECT x FROM ("a" JOIN "b" USING ("c")), "d" WHERE x = ? COLLATE "e""#,
        r#"SELECT x FROM (SELECT y, ? FROM "a"), "b""#,
        r#"WITH "a"("b", "c") AS (SELECT ?), "d" AS MATERIALIZED (SELECT ?) SELECT ? FROM "a", "d""#,
        r#"WITH RECURSIVE "a" AS (SELECT ?) INSERT OR IGNORE INTO "b"("c", "d") SELECT ?"#,
        r#"INSERT INTO "t" AS "u"("a") VALUES (?) ON CONFLICT (?) DO UPDATE SET "a" = ?, "b" = "excluded"."b" WHERE ? = x"#,
        r#"REPLACE INTO "t"("a") VALUES (?)"#,
        r#"UPDATE OR IGNORE "t" SET "a" = ?, "b" = CASE WHEN ? THEN x END, ("c", "d") = (?, ?) FROM "u" WHERE x = ?"#,
        r#"DELETE FROM "t" RETURNING x, ?"#,
        r#"CREATE TABLE IF NOT EXISTS "t"("a" integer, "b" text CHECK (? = ?) REFERENCES "u"("c") ON DELETE SET NULL, "d", CONSTRAINT "k" FOREIGN KEY ("a", "b") REFERENCES u("c"))"#,
        r#"CREATE INDEX "i" ON "t"(?, x)"#,
        r#"CREATE TRIGGER "r" AFTER UPDATE OF "a", "b" ON "t" WHEN ? BEGIN DELETE FROM "u"; UPDATE "v" SET "a" = ?; END"#,
        r#"CREATE VIEW "v"("a", "b") AS SELECT ?"#,
        r#"ALTER TABLE "t" RENAME COLUMN "a" TO "b""#,
        r#"ALTER TABLE "t" ADD "a" text"#,
        r#"ALTER TABLE "t" DROP COLUMN "a""#,
        r#"DROP VIEW IF EXISTS "v""#,
        r#"ANALYZE "t""#,
        r#"SAVEPOINT "s""#,
        r#"ROLLBACK TO SAVEPOINT "s""#,
    ];
    for sql in shown {
        assert_eq!(of(sql, DoubleQuotes::MayBeStrings), sql);
    }
    let hidden = [
        r#"SELECT x "secret" FROM t WHERE y = "secret""#,
        r#"SELECT "secret", f("secret", x), ("secret") FROM t "secret""#,
        r#"SELECT x FROM t WHERE y IN ("secret", x) OR y IN "secret" OR y LIKE "secret""#,
        r#"SELECT CAST(x AS "secret"), CAST("secret" AS text)"#,
        r#"SELECT x FROM t JOIN u ON y IS DISTINCT FROM "secret" AND z IS NOT DISTINCT FROM ("secret")"#,
        r#"SELECT x FROM t JOIN u ON "secret" = y ORDER BY "secret", "secret" LIMIT "secret""#,
        r#"SELECT x FROM t GROUP BY y, "secret" HAVING "secret""#,
        r#"SELECT x FROM f("secret", "secret"), u WHERE trim(x FROM "secret")"#,
        r#"SELECT x, "secret" FROM (SELECT y, "secret" FROM (VALUES ("secret", x), ("secret", y)))"#,
        r#"INSERT INTO t VALUES ("secret", x) RETURNING "secret", "secret""#,
        r#"INSERT INTO t SELECT "secret", "secret" FROM u WHERE true ON CONFLICT DO NOTHING RETURNING x, "secret""#,
        r#"UPDATE t SET a = "secret", b = f(x, "secret") WHERE c = "secret""#,
        r#"DELETE FROM t WHERE a = "secret""#,
        r#"CREATE TABLE t(a DEFAULT "secret" CHECK (x IN (y, "secret")), PRIMARY KEY (a, "secret"))"#,
        r#"CREATE TABLE t(a "secret") "secret""#,
        r#"CREATE INDEX i ON t(a, "secret") WHERE a = "secret""#,
        r#"CREATE VIRTUAL TABLE t USING m("secret", a = "secret")"#,
        r#"CREATE TRIGGER r AFTER INSERT ON t WHEN "secret" BEGIN SELECT "secret"; SELECT x, "secret"; END"#,
        r#"ATTACH "secret" || x AS a KEY "secret""#,
        r#"DETACH "secret""#,
        r#"PRAGMA key = "secret""#,
        r#"PRAGMA table_info("secret")"#,
        r#"VACUUM INTO "secret""#,
        r#"SELECT x IS NOT DISTINCT FROM "secret""#,
        r#"UPDATE t SET a = x IS DISTINCT FROM "secret" RETURNING x, "secret""#,
        r#"DELETE FROM t RETURNING x, "secret""#,
        // SQLite refuses these.
        r#"SELECT x FROM t WHERE EXISTS "secret" OR y, "secret""#,
        r#"INSERT INTO t(SELECT x, "secret")"#,
        r#"CREATE VIRTUAL TABLE t USING ("secret")"#,
        r#"x VACUUM INTO "secret" JOIN "secret" TO "secret" TABLE "secret""#,
        r#"SELECT CASE "secret" WHEN "secret" THEN "secret" ELSE "secret" END"#,
        r#"SELECT x AS y "secret""#,
        r#"SELECT x FROM "secret"#,
        r#"WITH c AS (SELECT x, "secret") SELECT "secret", "secret" FROM c"#,
    ];
    for sql in hidden {
        let fingerprint = of(sql, DoubleQuotes::MayBeStrings);
        assert!(!fingerprint.contains("secret"), "{sql}\n{fingerprint}");
        assert_eq!(of(&fingerprint, DoubleQuotes::MayBeStrings), fingerprint);
    }
}

#[test]
fn names_in_double_quotes_are_shown_where_strings_have_none() {
    for (sql, expected) in [
        (
            r#"SELECT "a", f("b") "c" FROM t WHERE "d"=1"#,
            r#"SELECT "a", f("b") "c" FROM t WHERE "d" = ?"#,
        ),
        (r#"PRAGMA key = "secret""#, "PRAGMA key = ?"),
        (r#"PRAGMA table_info("secret")"#, "PRAGMA table_info(?)"),
        (
            r#"ATTACH "secret" AS "a" KEY "secret""#,
            r#"ATTACH ? AS "a" KEY ?"#,
        ),
        (r#"VACUUM "main" INTO "secret""#, r#"VACUUM "main" INTO ?"#),
        (
            r#"CREATE VIRTUAL TABLE t USING m("secret")"#,
            "CREATE VIRTUAL TABLE t USING m(?)",
        ),
        (r#"SELECT "open"#, "SELECT ?"),
    ] {
        assert_eq!(of(sql, DoubleQuotes::AreNames), expected);
    }
}
