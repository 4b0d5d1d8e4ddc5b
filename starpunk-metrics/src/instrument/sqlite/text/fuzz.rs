//! Tries the reading of SQL with 100,000 texts: what nobody would write, what SQLite refuses, and what it takes.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRunner};
use rusqlite::Connection;

use crate::instrument::sqlite::text::conditions::conditions;
use crate::instrument::sqlite::text::fingerprint::{DoubleQuotes, fingerprint};
use crate::instrument::sqlite::text::fuzz::grammar::{
    Dice, MARKER, Piece, Style, secret, statement, write,
};
use crate::instrument::sqlite::text::lexer::Tokens;
use crate::instrument::sqlite::text::sql::{refused, shape};

mod grammar;

/// 2 KB, and the mark of a cut.
const MAX_BYTES: usize = 2048 + " ... 0123456789abcdef".len();

const BOTH: [DoubleQuotes; 2] = [DoubleQuotes::MayBeStrings, DoubleQuotes::AreNames];

fn run<S: Strategy>(cases: u32, strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    };
    if let Err(error) = TestRunner::new(config).run(&strategy, test) {
        panic!("{error}");
    }
}

/// A fingerprint is short, and its own fingerprint.
fn check_fingerprint(sql: &str, quotes: DoubleQuotes) -> Result<String, TestCaseError> {
    let once = fingerprint(&Tokens::read(sql), quotes);
    let twice = fingerprint(&Tokens::read(&once), quotes);
    prop_assert_eq!(&once, &twice, "{}", sql);
    prop_assert!(once.len() <= MAX_BYTES, "{}", sql);
    Ok(once)
}

#[test]
fn any_text_has_a_short_and_stable_fingerprint() {
    run(5_000, any::<String>(), |sql| {
        let fingerprint = check_fingerprint(&sql, DoubleQuotes::MayBeStrings)?;
        let shape = shape(&sql, DoubleQuotes::MayBeStrings);
        prop_assert_eq!(shape.fingerprint.into_string(), fingerprint);
        conditions(&sql, DoubleQuotes::AreNames);
        Ok(())
    });
}

#[test]
fn any_tokens_have_a_short_and_stable_fingerprint() {
    const WORDS: [&str; 96] = [
        "SELECT",
        "FROM",
        "WHERE",
        "IN",
        "VALUES",
        "(",
        ")",
        ",",
        "(",
        ")",
        ",",
        "(",
        ")",
        ",",
        ".",
        ";",
        "*",
        "-",
        "+",
        "~",
        "->",
        "...",
        "/",
        "a",
        "b",
        "\"c\"",
        "[d]",
        "`e`",
        "true",
        "'f'",
        "1",
        "?",
        ":g",
        "NULL",
        "IS",
        "NOT",
        "AS",
        "CAST",
        "SET",
        "UPDATE",
        "INSERT",
        "INTO",
        "DELETE",
        "REPLACE",
        "CREATE",
        "TABLE",
        "VIRTUAL",
        "USING",
        "PRAGMA",
        "table_info",
        "key",
        "=",
        "ATTACH",
        "VACUUM",
        "DATABASE",
        "WITH",
        "JOIN",
        "ON",
        "CONFLICT",
        "DO",
        "DISTINCT",
        "BEGIN",
        "END",
        "CASE",
        "TRIGGER",
        "INDEX",
        "VIEW",
        "IF",
        "EXISTS",
        "ALTER",
        "RENAME",
        "ADD",
        "TO",
        "EXPLAIN",
        "QUERY",
        "PLAN",
        "OR",
        "IGNORE",
        "ORDER",
        "BY",
        "LIMIT",
        "OFFSET",
        "ROWS",
        "PRECEDING",
        "OVER",
        "LEFT",
        "LIKE",
        "REFERENCES",
        "'",
        "\"",
        "[",
        "/*",
        "--",
        "$h(",
        "\\",
        "OF",
    ];
    run(45_000, any::<u64>(), |seed| {
        let mut dice = Dice::new(seed);
        // A few are longer than what is shown, or even than what is read.
        let length = if dice.one_in(300) { 3000 } else { 24 };
        let mut sql = String::new();
        // Open quotes hide all that follows: few texts have any.
        let words = if dice.one_in(8) { WORDS.len() } else { 88 };
        for _ in 0..dice.below(length) {
            sql.push_str(WORDS[dice.below(words)]);
            if !dice.one_in(6) {
                sql.push(' ');
            }
        }
        let quotes = dice.pick(&BOTH);
        check_fingerprint(&sql, quotes)?;
        conditions(&sql, quotes);
        Ok(())
    });
}

#[test]
fn no_literal_parameter_or_comment_is_ever_shown() {
    const OPEN: [&str; 9] = [
        "'zqmarkerqz",
        "'zqmarkerqz''",
        "\"zqmarkerqz",
        "`zqmarkerqz",
        "[zqmarkerqz",
        "/* zqmarkerqz",
        "-- zqmarkerqz",
        "$p(zqmarkerqz",
        "x'zqmarkerqz",
    ];
    run(30_000, any::<u64>(), |seed| {
        let mut dice = Dice::new(seed);
        let is_secret = dice.one_in(4);
        let mut pieces = if is_secret {
            secret(&mut dice)
        } else {
            statement(&mut dice)
        };
        let style = dice.pick(&[Style::Marked, Style::MarkedInDoubleQuotes]);
        // Elsewhere a word, or a name in double quotes, may be moved to where a name is shown.
        if !is_secret && style == Style::Marked {
            garble(&mut dice, &mut pieces);
        }
        let mut sql = write(&mut dice, &pieces, style);
        if dice.one_in(4) {
            sql.push_str(dice.pick(&OPEN));
        }
        let quotes = match style {
            Style::MarkedInDoubleQuotes => DoubleQuotes::MayBeStrings,
            _ => dice.pick(&BOTH),
        };
        let fingerprint = check_fingerprint(&sql, quotes)?;
        let told = format!("{:?}", conditions(&sql, quotes));
        prop_assert!(!told.contains(MARKER), "{sql}\n{told}");
        let shape = shape(&sql, quotes);
        prop_assert_eq!(&*fingerprint, &*shape.fingerprint);
        for shown in [
            shape.fingerprint,
            shape.table,
            shape.name,
            refused(&sql).fingerprint,
        ] {
            prop_assert!(!shown.contains(MARKER), "{sql}\n{shown}");
        }
        Ok(())
    });
}

/// Makes a few changes that SQLite would mostly refuse.
fn garble(dice: &mut Dice, pieces: &mut Vec<Piece>) {
    while dice.one_in(2) {
        let at = dice.below(pieces.len());
        let other = dice.below(pieces.len());
        match dice.below(4) {
            0 if pieces.len() > 1 => {
                pieces.remove(at);
            }
            1 => pieces.swap(at, other),
            2 => pieces.insert(at, pieces[other]),
            _ => {
                let word = dice.pick(&[
                    "(", ")", ",", ".", ";", "...", "-", "\\", "FROM", "AS", "PRAGMA", "=", "[a]",
                ]);
                pieces.insert(at, Piece::Word(word));
            }
        }
    }
}

#[test]
fn what_sqlite_takes_has_one_fingerprint_however_it_is_written() {
    let connection = Connection::open_in_memory().unwrap();
    let schema = "CREATE TABLE t(a PRIMARY KEY, b, c, action); CREATE TABLE w(d, e, f);";
    connection.execute_batch(schema).unwrap();
    let taken = std::cell::Cell::new(0);
    let cases = 20_000;
    run(cases, any::<u64>(), |seed| {
        let mut dice = Dice::new(seed);
        let pieces = statement(&mut dice);
        let [one, other] = [(); 2].map(|()| write(&mut dice, &pieces, Style::Valid));
        let fingerprint = check_fingerprint(&one, DoubleQuotes::MayBeStrings)?;
        let expected = check_fingerprint(&other, DoubleQuotes::MayBeStrings)?;
        if connection.prepare(&one).is_ok() && connection.prepare(&other).is_ok() {
            taken.set(taken.get() + 1);
            prop_assert_eq!(fingerprint, expected, "{}\n{}", one, other);
        }
        Ok(())
    });
    // Else the grammar is none.
    assert!(taken.get() > cases / 10 * 9, "SQLite took {}", taken.get());
}
