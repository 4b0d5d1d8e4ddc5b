//! Reads SQL as SQLite does, so that nothing in a string, a comment or a quoted name is mistaken for anything else.

use std::borrow::Cow;

/// How much of a statement is looked at: its verb and tables stand at its start.
const MAX_LEXED_BYTES: usize = 8 * 1024;

/// Words that patterns ask for; every other word is a name.
const KEYWORDS: [&str; 66] = [
    "ABORT",
    "AFTER",
    "ALTER",
    "ANALYZE",
    "AS",
    "ATTACH",
    "BEFORE",
    "BEGIN",
    "BY",
    "COMMIT",
    "CREATE",
    "CROSS",
    "DELETE",
    "DETACH",
    "DISTINCT",
    "DROP",
    "EACH",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FAIL",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "IF",
    "IGNORE",
    "INDEX",
    "INDEXED",
    "INNER",
    "INSERT",
    "INSTEAD",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "LEFT",
    "LIMIT",
    "NATURAL",
    "NOT",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "PRAGMA",
    "RECURSIVE",
    "REINDEX",
    "RELEASE",
    "REPLACE",
    "RIGHT",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "TABLE",
    "TEMP",
    "TEMPORARY",
    "TRIGGER",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "VACUUM",
    "VALUES",
    "WHERE",
];

/// Words that are keywords only where a name would make no sense, or that few statements have.
const LATE_KEYWORDS: [&str; 4] = ["VIRTUAL", "VIEW", "WINDOW", "WITH"];

/// A statement in a form that patterns can be matched against: words in upper case, `#n` for the n-th name, `?` for
/// each literal and parameter, punctuation as it is, all apart by one space.
pub(crate) struct Lexed<'a> {
    pub(crate) text: String,
    /// Without their quotes.
    pub(crate) names: Vec<Cow<'a, str>>,
}

/// Reads SQLite's tokens (tokenize.c): quotes of four kinds without backslash escapes, blobs, numbers with `_`,
/// parameters, comments of two kinds, and names in any script.
pub(crate) fn lex(sql: &str) -> Lexed<'_> {
    let mut lexed = Lexed {
        text: String::with_capacity(sql.len().min(MAX_LEXED_BYTES)),
        names: Vec::new(),
    };
    let head = cut(sql, MAX_LEXED_BYTES);
    let mut rest = head;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            c if c.is_ascii_whitespace() => {
                rest = rest.trim_ascii_start();
                continue;
            }
            '-' if rest.starts_with("--") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = &rest[rest[2..].find("*/").map_or(rest.len(), |end| end + 4)..];
                continue;
            }
            '\'' => {
                lexed.push("?");
                quoted_length(rest, '\'')
            }
            '"' | '`' => {
                let length = quoted_length(rest, first);
                let doubled = [first, first].iter().collect::<String>();
                let inside = rest[1..length]
                    .strip_suffix(first)
                    .unwrap_or(&rest[1..length]);
                lexed.push_name(inside.replace(&doubled, &first.to_string()).into());
                length
            }
            '[' => {
                let length = rest.find(']').map_or(rest.len(), |end| end + 1);
                let inside = rest[1..length]
                    .strip_suffix(']')
                    .unwrap_or(&rest[1..length]);
                lexed.push_name(inside.into());
                length
            }
            'x' | 'X' if rest[1..].starts_with('\'') => {
                lexed.push("?");
                1 + quoted_length(&rest[1..], '\'')
            }
            '?' | ':' | '@' | '$' => {
                lexed.push("?");
                1 + run_length(&rest[1..], |c| is_name_character(c) || c == ':')
            }
            c if c.is_ascii_digit() => {
                lexed.push("?");
                number_length(rest)
            }
            c if is_name_character(c) => {
                let length = run_length(rest, is_name_character);
                lexed.push_word(&rest[..length]);
                length
            }
            other => {
                lexed.push(other.encode_utf8(&mut [0; 4]));
                other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    if head.len() < sql.len() {
        // What was cut off may be anything: no pattern may take this for the end.
        lexed.push("...");
    }
    lexed
}

impl<'a> Lexed<'a> {
    fn push(&mut self, token: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }

    fn push_name(&mut self, name: Cow<'a, str>) {
        let number = format!("#{}", self.names.len());
        self.names.push(name);
        self.push(&number);
    }

    fn push_word(&mut self, word: &'a str) {
        let upper = word.to_ascii_uppercase();
        // `IS DISTINCT FROM` compares; its FROM names no table.
        if upper == "FROM"
            && (self.text.ends_with(" IS DISTINCT") || self.text.ends_with(" IS NOT DISTINCT"))
        {
            return;
        }
        if KEYWORDS.contains(&&*upper) || LATE_KEYWORDS.contains(&&*upper) {
            self.push(&upper);
        } else {
            self.push_name(word.into());
        }
    }
}

/// The length of what stands in `quote`s at the start, the quotes included; two in a row are one inside.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut inside = text[1..].char_indices().peekable();
    while let Some((at, c)) = inside.next() {
        if c == quote && inside.next_if(|(_, next)| *next == quote).is_none() {
            return 1 + at + 1;
        }
    }
    text.len()
}

/// Digits with `_`, a fraction, an exponent with its sign, or hexadecimal.
fn number_length(text: &str) -> usize {
    let mut length = 0;
    let mut before = ' ';
    let is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    for c in text.chars() {
        let is_exponent_sign =
            matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !is_hexadecimal;
        if !(is_name_character(c) || c == '.' || is_exponent_sign) {
            break;
        }
        length += c.len_utf8();
        before = c;
    }
    length
}

fn run_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// SQLite takes every character beyond ASCII for a part of a name.
fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

/// The longest start of `text` within so many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes.min(text.len()))]
}
