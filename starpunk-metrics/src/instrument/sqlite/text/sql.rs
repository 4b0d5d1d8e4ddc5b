//! Tells the verb of a statement, the one table it is about, and what it does to its transaction.
//!
//! Patterns are matched against lexed text, never against raw SQL: there, strings, comments and quoted names cannot be
//! mistaken for anything else. What is complex is `unknown`; nothing is guessed. Runs once per new statement text.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use crate::instrument::sqlite::text::fingerprint::{DoubleQuotes, fingerprint, hash};
use crate::instrument::sqlite::text::lexer::{Tokens, cut};
use crate::model::names::{Effect, Shape};

/// How much of a table's name is kept.
const MAX_TABLE_BYTES: usize = 128;

/// What text is counted as that begins with no verb of SQLite's.
const UNKNOWN_VERB: &str = "UNKNOWN";

/// Tells the shape of a statement.
pub(crate) fn shape(sql: &str, quotes: DoubleQuotes) -> Shape {
    let tokens = Tokens::read(sql);
    let fingerprint = fingerprint(&tokens, quotes).into();
    let text = tokens.pattern_text();
    let Some((verb, at)) = verb(&text) else {
        return new_shape(UNKNOWN_VERB, None, fingerprint, Effect::Read);
    };
    let table = table(&text, verb.counted_as, at)
        .and_then(|number| tokens.list.get(number))
        .map(|token| token.name())
        .filter(|table| !table.is_empty());
    let effect = effect(&tokens, &text, verb.does);
    new_shape(verb.counted_as, table, fingerprint, effect)
}

/// Tells the shape of text that SQLite refused: only its verb, for nothing else in it is known to be what it looks like.
pub(crate) fn refused(sql: &str) -> Shape {
    let text = Tokens::read(sql).pattern_text();
    let query_type = verb(&text).map_or(UNKNOWN_VERB, |(verb, _)| verb.counted_as);
    new_shape(query_type, None, query_type.into(), Effect::Read)
}

/// The same shape with a table that the text does not tell.
pub(crate) fn named(shape: &Shape, table: &str) -> Shape {
    let table = (!table.is_empty()).then_some(table.into());
    new_shape(
        shape.query_type,
        table,
        shape.fingerprint.clone(),
        shape.effect,
    )
}

fn new_shape(
    query_type: &'static str,
    table: Option<Cow<'_, str>>,
    fingerprint: Box<str>,
    effect: Effect,
) -> Shape {
    let table = table.as_deref().map(|table| cut(table, MAX_TABLE_BYTES));
    Shape {
        query_type,
        table: table.unwrap_or(Shape::UNKNOWN_TABLE).into(),
        name: match table {
            Some(table) => format!("{query_type} {table}").into(),
            None => query_type.into(),
        },
        fingerprint,
        effect,
    }
}

#[derive(Clone, Copy, Debug)]
struct Verb {
    name: &'static str,
    counted_as: &'static str,
    does: Does,
}

#[derive(Clone, Copy, Debug)]
enum Does {
    Read,
    Write,
    Begin,
    Commit,
    Rollback,
    Savepoint,
    Release,
}

/// The verbs of SQLite's grammar (lang.html).
const VERBS: [Verb; 22] = [
    verb_of("SELECT", Does::Read),
    counted_as("VALUES", "SELECT", Does::Read),
    verb_of("INSERT", Does::Write),
    verb_of("REPLACE", Does::Write),
    verb_of("UPDATE", Does::Write),
    verb_of("DELETE", Does::Write),
    verb_of("CREATE", Does::Write),
    verb_of("ALTER", Does::Write),
    verb_of("DROP", Does::Write),
    verb_of("PRAGMA", Does::Read),
    verb_of("BEGIN", Does::Begin),
    verb_of("COMMIT", Does::Commit),
    counted_as("END", "COMMIT", Does::Commit),
    verb_of("ROLLBACK", Does::Rollback),
    verb_of("SAVEPOINT", Does::Savepoint),
    verb_of("RELEASE", Does::Release),
    verb_of("ATTACH", Does::Read),
    verb_of("DETACH", Does::Read),
    verb_of("ANALYZE", Does::Write),
    verb_of("REINDEX", Does::Write),
    verb_of("VACUUM", Does::Write),
    verb_of("EXPLAIN", Does::Read),
];

const fn verb_of(name: &'static str, does: Does) -> Verb {
    counted_as(name, name, does)
}

const fn counted_as(name: &'static str, counted_as: &'static str, does: Does) -> Verb {
    Verb {
        name,
        counted_as,
        does,
    }
}

/// The verb, and where its statement begins: behind the common table expressions of a `WITH`.
fn verb(text: &str) -> Option<(Verb, usize)> {
    let text_of_statement = text.trim_start_matches("; ");
    let start = text.len() - text_of_statement.len();
    let first = text_of_statement.split(' ').next()?;
    if first != "WITH" {
        return known_verb(first).map(|verb| (verb, start));
    }
    let mut depth = 0_usize;
    let mut at = start;
    for word in text_of_statement.split(' ') {
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

fn known_verb(word: &str) -> Option<Verb> {
    VERBS.iter().find(|verb| verb.name == word).copied()
}

/// The number of the token that names the table.
fn table(text: &str, query_type: &str, at: usize) -> Option<usize> {
    let patterns = &*PATTERNS;
    let statement = &text[at..];
    let (pattern, part) = match query_type {
        "INSERT" | "REPLACE" => (&patterns.insert, statement),
        "UPDATE" => (&patterns.update, statement),
        "DELETE" => (&patterns.delete, statement),
        "CREATE" | "ALTER" | "DROP" | "ANALYZE" => (&patterns.definition, statement),
        "SELECT" => {
            // A common table expression is a source of its own, and so are every further SELECT and `x IN t`.
            let has_more = text[..at].contains("WITH ")
                || statement.contains(" SELECT ")
                || statement.contains(" IN #");
            let sources = statement.find(" FROM ").filter(|_| !has_more)?;
            (&patterns.select, &statement[sources..])
        }
        _ => return None,
    };
    let number = pattern.captures(part)?.iter().skip(1).flatten().next()?;
    number.as_str().parse().ok()
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
            r"^ FROM TARGET(?:(?: AS)? #[0-9]+)?",
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

/// What a statement does to its transaction (lang_transaction.html, lang_savepoint.html).
fn effect(tokens: &Tokens<'_>, text: &str, does: Does) -> Effect {
    let has = |word: &str| text.split(' ').any(|other| other == word);
    // The last name in the text: it is all that may follow these verbs.
    let savepoint = || {
        let named = |code: &str| code.is_empty() || code == "?";
        let name = tokens.list.iter().rev().find(|token| named(token.code()));
        let name = name.map(|token| token.name()).unwrap_or_default();
        hash(name.bytes().map(|byte| byte.to_ascii_lowercase()))
    };
    match does {
        Does::Read => Effect::Read,
        Does::Write => Effect::Write,
        Does::Begin if has("IMMEDIATE") || has("EXCLUSIVE") => Effect::BeginWrite,
        Does::Begin => Effect::Begin,
        Does::Commit => Effect::Commit,
        Does::Rollback if has("TO") => Effect::RollbackTo(savepoint()),
        Does::Rollback => Effect::Rollback,
        Does::Savepoint => Effect::Savepoint(savepoint()),
        Does::Release => Effect::Release(savepoint()),
    }
}

#[cfg(test)]
mod tests;
