//! Reads SQL as SQLite does (tokenize.c), so that nothing in a string, a comment or a quoted name is mistaken for
//! anything else. Runs once per new statement text; everything that is known of a statement's text starts here.
//! Where SQLite would refuse a character, a token is made that shows nothing of it.

use std::borrow::Cow;
use std::fmt::Write;

use crate::instrument::sqlite::text::keywords::{keyword, resolve};

/// How much of a statement is looked at: its verb and tables stand at its start.
const MAX_LEXED_BYTES: usize = 8 * 1024;

/// What stands where something is left out. SQLite has no such token, so no statement that it takes has it.
pub(crate) const ELLIPSIS: &str = "...";

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word of SQLite's grammar where the grammar wants it; in upper case.
    Keyword(&'static str),
    Name,
    /// A name in backticks or brackets.
    Quoted,
    /// A name, or a string: SQLite takes what names nothing for a string, unless it is told not to.
    DoubleQuoted,
    Number,
    /// A string or a blob.
    Text,
    Parameter,
    Operator,
    /// An operator before its only operand.
    Sign,
    /// What SQLite refuses: an open quote, a number with letters, a character out of place.
    Illegal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Where it ends, in bytes.
    pub(crate) end: usize,
}

/// The tokens of a statement, without its comments.
pub(crate) struct Tokens<'a> {
    pub(crate) list: Vec<Token<'a>>,
    /// Whether the text went on behind what was read.
    pub(crate) is_cut: bool,
}

impl<'a> Token<'a> {
    /// One spelling for what means the same: keywords in upper case, operators as they are, `?` for whatever is or
    /// hides a value, and nothing for a name.
    pub(crate) fn code(&self) -> &'a str {
        match self.kind {
            Kind::Keyword(word) => word,
            Kind::Operator | Kind::Sign => self.text,
            Kind::Number | Kind::Text | Kind::Parameter | Kind::Illegal => "?",
            Kind::Name | Kind::Quoted | Kind::DoubleQuoted => "",
        }
    }

    pub(crate) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Name | Kind::Quoted | Kind::DoubleQuoted)
    }

    /// The name without its quotes; a string too, as SQLite takes one for a name where it wants a name.
    pub(crate) fn name(&self) -> Cow<'a, str> {
        let quote = match self.text.as_bytes().first() {
            Some(b'[') => return self.text[1..].trim_end_matches(']').into(),
            Some(quote @ (b'"' | b'`' | b'\'')) => char::from(*quote),
            _ => return self.text.into(),
        };
        let inside = &self.text[1..];
        let inside = inside.strip_suffix(quote).unwrap_or(inside);
        if inside.contains(quote) {
            let doubled = [quote, quote].iter().collect::<String>();
            inside
                .replace(&doubled, quote.encode_utf8(&mut [0; 4]))
                .into()
        } else {
            inside.into()
        }
    }
}

impl<'a> Tokens<'a> {
    /// Reads the start of `sql`.
    pub(crate) fn read(sql: &'a str) -> Self {
        let head = cut(sql, MAX_LEXED_BYTES);
        // SQLite's text ends at a NUL.
        let end = head.find('\0');
        let is_cut = end.is_none() && head.len() < sql.len();
        let head = &head[..end.unwrap_or(head.len())];
        let mut list = Vec::with_capacity(head.len() / 4 + 1);
        let mut at = 0;
        while at < head.len() {
            let (kind, length) = first_token(&head[at..]);
            let text = &head[at..at + length];
            at += length;
            // What touches the cut may be the start of anything.
            if let Some(kind) = kind
                && !(is_cut && at == head.len())
            {
                list.push(Token {
                    kind,
                    text,
                    end: at,
                });
            }
        }
        resolve(&mut list);
        Self { list, is_cut }
    }

    /// A form that patterns can be matched against: the code of each token, `#n` for the n-th one if it is a name, all
    /// apart by one space.
    pub(crate) fn pattern_text(&self) -> String {
        let mut text = String::with_capacity(self.list.len() * 6);
        let mut before = "";
        for (number, token) in self.list.iter().enumerate() {
            let code = token.code();
            // `IS DISTINCT FROM` compares; its FROM names no table.
            if !(code == "FROM" && before == "DISTINCT") {
                text.push_str(code);
                if code.is_empty() {
                    // A String takes everything.
                    let _ = write!(text, "#{number}");
                }
                text.push(' ');
            }
            before = code;
        }
        if self.is_cut {
            // What was cut off may be anything: no pattern may take this for the end.
            text.push_str(ELLIPSIS);
        }
        text.truncate(text.trim_ascii_end().len());
        text
    }
}

/// The kind and the length of the token at the start, as SQLite's `sqlite3GetToken` has them; no kind for what lies
/// between tokens.
fn first_token(text: &str) -> (Option<Kind>, usize) {
    let bytes = text.as_bytes();
    let second = bytes.get(1).copied().unwrap_or(0);
    let third = bytes.get(2).copied().unwrap_or(0);
    let (kind, length) = match bytes[0] {
        b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => {
            return (None, 1 + run(&bytes[1..], |b| b.is_ascii_whitespace()));
        }
        b'-' if second == b'-' => return (None, run(bytes, |b| b != b'\n')),
        b'/' if second == b'*' && bytes.len() > 2 => {
            return (None, text[2..].find("*/").map_or(text.len(), |end| end + 4));
        }
        // A byte order mark.
        0xef if (second, third) == (0xbb, 0xbf) => return (None, 3),
        b'\'' => quoted(bytes, Kind::Text),
        b'"' => quoted(bytes, Kind::DoubleQuoted),
        b'`' => quoted(bytes, Kind::Quoted),
        b'[' => match text.find(']') {
            Some(end) => (Kind::Quoted, end + 1),
            None => (Kind::Illegal, text.len()),
        },
        b'x' | b'X' if second == b'\'' => match text[2..].find('\'') {
            Some(end) => (Kind::Text, end + 3),
            None => (Kind::Illegal, text.len()),
        },
        b'0'..=b'9' => (Kind::Number, number_length(bytes)),
        b'.' if second.is_ascii_digit() => (Kind::Number, number_length(bytes)),
        b'.' if text.starts_with(ELLIPSIS) => (Kind::Operator, ELLIPSIS.len()),
        b'?' => (
            Kind::Parameter,
            1 + run(&bytes[1..], |b| b.is_ascii_digit()),
        ),
        b'$' | b'@' | b':' | b'#' => parameter(bytes),
        first if is_name_byte(first) => {
            let length = run(bytes, is_name_byte);
            match keyword(&text[..length]) {
                Some(word) => (Kind::Keyword(word), length),
                None => (Kind::Name, length),
            }
        }
        first => match operator_length(first, second, third) {
            0 => (Kind::Illegal, 1),
            length => (Kind::Operator, length),
        },
    };
    (Some(kind), length)
}

/// Zero for what is no operator.
fn operator_length(first: u8, second: u8, third: u8) -> usize {
    match (first, second) {
        (b'-', b'>') => 2 + usize::from(third == b'>'),
        (b'=' | b'<' | b'>' | b'!', b'=') | (b'<', b'>' | b'<') | (b'>', b'>') | (b'|', b'|') => 2,
        (b'!', _) => 0,
        (first, _) => usize::from(b"-+*/%=<>|&~().,;".contains(&first)),
    }
}

/// What stands in quotes like the first; two in a row are one inside. An open one runs to the end.
fn quoted(bytes: &[u8], kind: Kind) -> (Kind, usize) {
    let quote = bytes[0];
    let mut at = 1;
    while let Some(length) = bytes[at..].iter().position(|byte| *byte == quote) {
        at += length + 1;
        if bytes.get(at) != Some(&quote) {
            return (kind, at);
        }
        at += 1;
    }
    (Kind::Illegal, bytes.len())
}

/// Digits with `_`, a fraction, an exponent, or hexadecimal; letters at its end belong to it (SQLite refuses them).
fn number_length(bytes: &[u8]) -> usize {
    let digits = |at: usize| at + run(&bytes[at..], |b| b.is_ascii_digit() || b == b'_');
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let mut at = digits(0);
    if byte(at) == b'.' {
        at = digits(at + 1);
    }
    if matches!(byte(at), b'e' | b'E') {
        let signed = usize::from(matches!(byte(at + 1), b'+' | b'-'));
        if byte(at + 1 + signed).is_ascii_digit() {
            at = digits(at + 1 + signed);
        }
    }
    at + run(&bytes[at..], is_name_byte)
}

/// `:n`, `@n`, `#n` and `$n`, with Tcl's `::` and its suffix in parentheses.
fn parameter(bytes: &[u8]) -> (Kind, usize) {
    let mut at = 1;
    let mut is_named = false;
    loop {
        match bytes.get(at) {
            Some(byte) if is_name_byte(*byte) => {
                is_named = true;
                at += 1;
            }
            Some(b':') if bytes.get(at + 1) == Some(&b':') => at += 2,
            // SQLite refuses a suffix with a space in it; all of it must be gone nevertheless.
            Some(b'(') if is_named => {
                let suffix = run(&bytes[at..], |b| b != b')');
                return (Kind::Parameter, (at + suffix + 1).min(bytes.len()));
            }
            _ if is_named => return (Kind::Parameter, at),
            _ => return (Kind::Illegal, at),
        }
    }
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    let end = bytes.iter().position(|byte| !belongs(*byte));
    end.unwrap_or(bytes.len())
}

/// SQLite takes every character beyond ASCII for a part of a name.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// The longest start of `text` within so many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes.min(text.len()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each token's kind as one letter, and its text.
    fn read(sql: &str) -> String {
        let tokens = Tokens::read(sql);
        let words = tokens.list.iter().map(|token| {
            let kind = match token.kind {
                Kind::Keyword(_) => 'k',
                Kind::Name => 'n',
                Kind::Quoted => 'q',
                Kind::DoubleQuoted => 'd',
                Kind::Number => '1',
                Kind::Text => 't',
                Kind::Parameter => 'p',
                Kind::Operator => 'o',
                Kind::Sign => 's',
                Kind::Illegal => '!',
            };
            format!("{kind}<{}>", token.text)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tokens_are_those_of_sqlite() {
        for (sql, expected) in [
            ("a\x0cb\r\n\tc", "n<a> n<b> n<c>"),
            ("a\x0bb", "n<a> !<\x0b> n<b>"),
            ("\u{feff}a\u{feff}", "n<a\u{feff}>"),
            ("a--b\nc--d", "n<a> n<c>"),
            ("a/*b*/c/*/d*/e/**/f/*g", "n<a> n<c> n<e> n<f>"),
            ("a /* x /* y */ z */", "n<a> n<z> o<*> o</>"),
            ("a/*", "n<a> o</> o<*>"),
            ("'a''b'c'd", "t<'a''b'> n<c> !<'d>"),
            (r"'C:\' x", r"t<'C:\'> n<x>"),
            (r#""a""b" "c"#, r#"d<"a""b"> !<"c>"#),
            ("`a``b` `c", "q<`a``b`> !<`c>"),
            ("[a]]b [c", "q<[a]> !<]> n<b> !<[c>"),
            ("x'00'X'zz' x'0", "t<x'00'> t<X'zz'> !<x'0>"),
            ("xx'00'", "n<xx> t<'00'>"),
            (
                "1_000 0xFF .5 1. 1.5e-3",
                "1<1_000> 1<0xFF> 1<.5> 1<1.> 1<1.5e-3>",
            ),
            ("1e5x 1e+ 0x", "1<1e5x> 1<1e> o<+> 1<0x>"),
            ("1.5.5 1..2 ..", "1<1.5> 1<.5> 1<1.> 1<.2> o<.> o<.>"),
            (
                "?1 ?a ?? :a @b #c",
                "p<?1> p<?> n<a> p<?> p<?> p<:a> p<@b> p<#c>",
            ),
            (
                "$a::b(c.d)e $f(g h) $i(j",
                "p<$a::b(c.d)> n<e> p<$f(g h)> p<$i(j>",
            ),
            (
                ":a:b $::c :: : $(a)",
                "p<:a> p<:b> p<$::c> !<:> !<:> !<:> !<$> o<(> n<a> o<)>",
            ),
            (
                "a->b->>c||d<<e<=f",
                "n<a> o<->> n<b> o<->>> n<c> o<||> n<d> o<<<> n<e> o<<=> n<f>",
            ),
            (
                "a<>b!=c==d>>e>=f|g!h",
                "n<a> o<<>> n<b> o<!=> n<c> o<==> n<d> o<>>> n<e> o<>=> n<f> o<|> n<g> !<!> n<h>",
            ),
            ("заметки a$b _c é1", "n<заметки> n<a$b> n<_c> n<é1>"),
            ("sElEcT selects", "k<sElEcT> n<selects>"),
            (
                "a - b, -c - -1, (+d) ~e",
                "n<a> o<-> n<b> o<,> s<-> n<c> o<-> s<-> 1<1> o<,> o<(> s<+> n<d> o<)> s<~> n<e>",
            ),
            ("a\0b", "n<a>"),
            ("a ... b", "n<a> o<...> n<b>"),
            ("", ""),
        ] {
            assert_eq!(read(sql), expected, "{sql}");
        }
    }

    #[test]
    fn names_lose_their_quotes() {
        for (sql, name) in [
            ("a", "a"),
            ("\"a\"\"b\"", "a\"b"),
            ("`a``b`", "a`b"),
            ("[a\"b]", "a\"b"),
            ("'a''b'", "a'b"),
            ("\"\"", ""),
        ] {
            assert_eq!(Tokens::read(sql).list[0].name(), name);
        }
    }

    #[test]
    fn what_touches_the_cut_is_left_out() {
        for end in ["'secret'", "secret", "/* secret */", "1234567"] {
            let start = "a ".repeat(MAX_LEXED_BYTES / 2 - 2);
            let sql = format!("{start}{end}{end}");
            let tokens = Tokens::read(&sql);
            assert!(tokens.is_cut);
            assert_eq!(tokens.list.len(), MAX_LEXED_BYTES / 2 - 2, "{end}");
            assert!(tokens.pattern_text().ends_with(" ..."));
        }
    }

    #[test]
    fn characters_are_never_split() {
        for character in ["é", "€", "🦀"] {
            for shift in 0..4 {
                let sql = format!("{}{}", " ".repeat(shift), character.repeat(MAX_LEXED_BYTES));
                assert_eq!(Tokens::read(&sql).list, []);
            }
        }
    }

    #[test]
    fn pattern_text_numbers_names_by_their_token() {
        let tokens = Tokens::read("select a, 'x' from \"b c\" where d is distinct from e;");
        assert_eq!(
            tokens.pattern_text(),
            "SELECT #1 , ? FROM #5 WHERE #7 IS DISTINCT #11 ;"
        );
    }
}
