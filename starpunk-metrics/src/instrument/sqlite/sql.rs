//! Tells the verb of a statement and the one table it is about.
//!
//! Patterns are matched against lexed text, never against raw SQL: there, strings, comments and quoted names cannot be
//! mistaken for anything else. What is complex is `unknown`; nothing is guessed.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use crate::instrument::sqlite::lexer::{Lexed, cut, lex};
use crate::model::names::Shape;

/// How much of a table's name is kept.
const MAX_TABLE_BYTES: usize = 128;

/// Tells the shape of a statement.
pub(crate) fn shape(sql: &str) -> Shape {
    let lexed = lex(sql);
    let Some((query_type, at)) = lexed.verb() else {
        return Shape::new("UNKNOWN", None);
    };
    let table = lexed.table(query_type, at);
    Shape::new(query_type, table.map(|table| cut(table, MAX_TABLE_BYTES)))
}

/// The verbs of SQLite's grammar (lang.html), and what a statement that begins with one is counted as.
const VERBS: [(&str, &str); 21] = [
    ("SELECT", "SELECT"),
    ("VALUES", "SELECT"),
    ("INSERT", "INSERT"),
    ("REPLACE", "REPLACE"),
    ("UPDATE", "UPDATE"),
    ("DELETE", "DELETE"),
    ("CREATE", "CREATE"),
    ("ALTER", "ALTER"),
    ("DROP", "DROP"),
    ("PRAGMA", "PRAGMA"),
    ("BEGIN", "BEGIN"),
    ("COMMIT", "COMMIT"),
    ("END", "COMMIT"),
    ("ROLLBACK", "ROLLBACK"),
    ("SAVEPOINT", "SAVEPOINT"),
    ("RELEASE", "RELEASE"),
    ("ATTACH", "ATTACH"),
    ("DETACH", "DETACH"),
    ("ANALYZE", "ANALYZE"),
    ("VACUUM", "VACUUM"),
    ("EXPLAIN", "EXPLAIN"),
];

impl Lexed<'_> {
    /// The verb, and where its statement begins: behind the common table expressions of a `WITH`.
    fn verb(&self) -> Option<(&'static str, usize)> {
        let first = self.text.split(' ').next()?;
        if first != "WITH" {
            return known_verb(first).map(|verb| (verb, 0));
        }
        let mut depth = 0_usize;
        let mut at = 0;
        for word in self.text.split(' ') {
            match word {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "SELECT" | "VALUES" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE" if depth == 0 => {
                    return known_verb(word).map(|verb| (verb, at));
                }
                _ => {}
            }
            at += word.len() + 1;
        }
        None
    }

    fn table(&self, query_type: &str, at: usize) -> Option<&str> {
        let text = &self.text[at..];
        let pattern = match query_type {
            "INSERT" | "REPLACE" => &PATTERNS.insert,
            "UPDATE" => &PATTERNS.update,
            "DELETE" => &PATTERNS.delete,
            "CREATE" | "ALTER" | "DROP" | "ANALYZE" => &PATTERNS.definition,
            // A common table expression is a source of its own, and so is every further SELECT.
            "SELECT"
                if at == 0 && text.split(' ').filter(|word| *word == "SELECT").count() == 1 =>
            {
                &PATTERNS.select
            }
            _ => return None,
        };
        let number = pattern.captures(text)?.iter().skip(1).flatten().next()?;
        let name = self.names.get(number.as_str().parse::<usize>().ok()?)?;
        (!name.is_empty()).then_some(&**name)
    }
}

fn known_verb(word: &str) -> Option<&'static str> {
    let verb = VERBS.iter().find(|(known, _)| *known == word);
    verb.map(|(_, counted_as)| *counted_as)
}

struct Patterns {
    select: Regex,
    insert: Regex,
    update: Regex,
    delete: Regex,
    definition: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    // An optional schema, and the name itself.
    const TARGET: &str = r"(?:#[0-9]+ \. )?#([0-9]+)";
    let compile = |pattern: &str| {
        RegexBuilder::new(&pattern.replace("TARGET", TARGET))
            .unicode(false)
            .build()
            .expect("the patterns are constants")
    };
    Patterns {
        // One source with or without an alias, and then a clause or the end: no join, no comma, no table function.
        select: compile(concat!(
            r" FROM TARGET(?:(?: AS)? #[0-9]+)?",
            r"(?: ;| WHERE | GROUP | HAVING | ORDER | LIMIT | WINDOW | INDEXED | NOT INDEXED|$)"
        )),
        insert: compile("^(?:INSERT|REPLACE)(?: OR [A-Z]+)? INTO TARGET"),
        update: compile("^UPDATE(?: OR [A-Z]+)? TARGET"),
        delete: compile("^DELETE FROM TARGET"),
        definition: compile(concat!(
            r"^(?:CREATE(?: TEMP| TEMPORARY| VIRTUAL)? TABLE(?: IF NOT EXISTS)? TARGET",
            r"|CREATE(?: UNIQUE)? INDEX(?: IF NOT EXISTS)? (?:#[0-9]+ \. )?#[0-9]+ ON TARGET",
            r"|CREATE(?: TEMP| TEMPORARY)? TRIGGER(?: IF NOT EXISTS)? (?:#[0-9]+ \. )?#[0-9]+",
            r"(?: BEFORE| AFTER| INSTEAD OF)? (?:INSERT|DELETE|UPDATE(?: OF #[0-9]+(?: , #[0-9]+)*)?) ON TARGET",
            r"|ALTER TABLE TARGET",
            r"|DROP TABLE(?: IF EXISTS)? TARGET",
            r"|ANALYZE TARGET)"
        )),
    }
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn verbs_and_tables_are_told() {
        for (sql, query_type, table) in [
            ("SELECT id FROM notes WHERE id=2", "SELECT", "notes"),
            ("select * from Notes", "SELECT", "Notes"),
            ("SELECT * FROM [order items]", "SELECT", "order items"),
            (
                "SELECT * FROM main.notes n WHERE n.id IN (1,2,3)",
                "SELECT",
                "notes",
            ),
            ("SELECT * FROM notes AS n ORDER BY 1;", "SELECT", "notes"),
            ("-- find by slug\nSELECT * FROM notes", "SELECT", "notes"),
            (
                "SELECT * FROM /* FROM x */ notes -- tail",
                "SELECT",
                "notes",
            ),
            ("SELECT trim('  x FROM y ') FROM notes", "SELECT", "notes"),
            ("SELECT * FROM \"weird\"\"name\"", "SELECT", "weird\"name"),
            (
                "SELECT * FROM notes WHERE path = 'C:\\' AND name = 'alice'",
                "SELECT",
                "notes",
            ),
            ("SELECT a IS DISTINCT FROM b FROM notes", "SELECT", "notes"),
            ("SELECT 1 IS NOT DISTINCT FROM 2", "SELECT", "unknown"),
            ("SELECT * FROM заметки", "SELECT", "заметки"),
            ("SELECT 1", "SELECT", "unknown"),
            ("VALUES (1)", "SELECT", "unknown"),
            (
                "SELECT * FROM notes LEFT JOIN tags USING(id)",
                "SELECT",
                "unknown",
            ),
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
            (
                "INSERT OR IGNORE INTO main.\"kv\" DEFAULT VALUES",
                "INSERT",
                "kv",
            ),
            ("REPLACE INTO kv VALUES (x'00', 1_000)", "REPLACE", "kv"),
            ("UPDATE OR IGNORE notes SET slug = 'x'", "UPDATE", "notes"),
            (
                "UPDATE notes SET body = (SELECT 1 FROM tags)",
                "UPDATE",
                "notes",
            ),
            ("DELETE FROM notes WHERE id = -7", "DELETE", "notes"),
            ("CREATE TABLE IF NOT EXISTS `notes` (id)", "CREATE", "notes"),
            (
                "CREATE VIRTUAL TABLE search USING fts5(body)",
                "CREATE",
                "search",
            ),
            (
                "CREATE UNIQUE INDEX IF NOT EXISTS ix ON notes(slug)",
                "CREATE",
                "notes",
            ),
            (
                "CREATE TEMP TRIGGER tr AFTER INSERT ON notes BEGIN INSERT INTO audit VALUES(1); END",
                "CREATE",
                "notes",
            ),
            ("CREATE VIEW v AS SELECT * FROM notes", "CREATE", "unknown"),
            ("ALTER TABLE notes ADD COLUMN x", "ALTER", "notes"),
            ("DROP TABLE IF EXISTS notes", "DROP", "notes"),
            ("ANALYZE notes", "ANALYZE", "notes"),
            ("PRAGMA table_info(notes)", "PRAGMA", "unknown"),
            ("BEGIN IMMEDIATE", "BEGIN", "unknown"),
            ("END", "COMMIT", "unknown"),
            (
                "EXPLAIN QUERY PLAN SELECT * FROM notes",
                "EXPLAIN",
                "unknown",
            ),
            ("ATTACH 'secret.db' AS aux", "ATTACH", "unknown"),
            ("SELEC broken", "UNKNOWN", "unknown"),
            ("", "UNKNOWN", "unknown"),
            ("/* unterminated", "UNKNOWN", "unknown"),
            ("SELECT * FROM \"unterminated", "SELECT", "unterminated"),
        ] {
            let shape = shape(sql);
            assert_eq!(
                (shape.query_type, &*shape.table),
                (query_type, table),
                "{sql}"
            );
        }
    }

    #[test]
    fn what_is_too_long_to_be_read_whole_is_unknown() {
        let sql = format!("SELECT * FROM notes WHERE id IN ({}) ", "1,".repeat(10_000));
        assert_eq!(&*shape(&sql).table, "notes");
        let sql = format!("SELECT {} FROM notes", "a,".repeat(10_000));
        assert_eq!(&*shape(&sql).table, "unknown");
    }

    #[test]
    fn a_long_table_name_is_cut() {
        let sql = format!("SELECT * FROM {}", "é".repeat(500));
        assert_eq!(shape(&sql).table.len(), MAX_TABLE_BYTES);
    }

    proptest! {
        #[test]
        fn any_text_has_a_shape(sql in any::<String>()) {
            shape(&sql);
        }

        #[test]
        fn text_in_strings_never_names_the_table(inside in "[a-z' ]{0,20}") {
            let literal = inside.replace('\'', "''");
            let sql = format!("SELECT '{literal}' FROM notes WHERE a = '{literal}'");
            prop_assert_eq!(&*shape(&sql).table, "notes");
        }
    }
}
