//! Writes a statement down without its values: what statements of one shape have in common.
//!
//! It is shown to people and leaves the process, so nothing of a literal, a parameter or a comment may ever be in it,
//! whatever the text is. Runs once per new statement text. A fingerprint is its own fingerprint.

use crate::instrument::sqlite::text::lexer::{ELLIPSIS, Kind, Token, Tokens, cut};
use crate::instrument::sqlite::text::places::Clause;
use crate::instrument::sqlite::text::writer::Writer;

/// How long a fingerprint may be, without the mark of a cut.
const MAX_FINGERPRINT_BYTES: usize = 2 * 1024;

/// How long a name may be where a value may stand as well.
const MAX_NAME_BYTES: usize = 256;

/// What double quotes may be about, as SQLite's `SQLITE_DBCONFIG_DQS_DML` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoubleQuotes {
    /// What names nothing is a string.
    MayBeStrings,
    AreNames,
}

/// Writes the fingerprint of a statement.
pub(crate) fn fingerprint(tokens: &Tokens<'_>, quotes: DoubleQuotes) -> String {
    let mut redaction = Redaction {
        tokens: &tokens.list,
        is_cut: tokens.is_cut,
        quotes,
        writer: Writer::with_capacity(tokens.list.len() * 6),
    };
    let is_whole = redaction.write_all();
    let mut writer = redaction.writer;
    if tokens.is_cut && is_whole {
        writer.cut_off();
    }
    let mut fingerprint = writer.finish();
    shorten(&mut fingerprint);
    fingerprint
}

/// A hash that is the same in every process (FNV-1a, 64 bits).
pub(crate) fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Decides what is shown of each token.
struct Redaction<'a, 't> {
    tokens: &'t [Token<'a>],
    is_cut: bool,
    quotes: DoubleQuotes,
    writer: Writer<'a>,
}

impl Redaction<'_, '_> {
    /// Writes all tokens; false if the end of the text is hidden behind one `?`.
    fn write_all(&mut self) -> bool {
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            match token.kind {
                Kind::Keyword("PRAGMA") => return self.write_pragma(at),
                Kind::Keyword("ATTACH") => return self.write_attach(at),
                Kind::Keyword("INTO") if self.writer.places.verb == "VACUUM" => {
                    self.writer.keyword("INTO");
                    return self.write_hidden(at + 1);
                }
                Kind::Keyword("NULL") => self.write_null(),
                Kind::Keyword(word) => self.writer.keyword(word),
                Kind::Number | Kind::Text | Kind::Parameter | Kind::Illegal => self.writer.value(),
                Kind::Sign => at = self.write_sign(at),
                Kind::Operator => match token.text {
                    "(" if self.is_module() => at = self.write_module(at),
                    "(" => self.writer.open(),
                    ")" => self.writer.close(),
                    text => self.writer.operator(text),
                },
                Kind::Name | Kind::Quoted | Kind::DoubleQuoted if self.is_value(at) => {
                    self.writer.value()
                }
                Kind::Name | Kind::Quoted | Kind::DoubleQuoted => self.writer.name(token.text),
            }
            at += 1;
        }
        true
    }

    /// Whether what looks like a name is a value, or may be one.
    fn is_value(&self, at: usize) -> bool {
        let token = self.tokens[at];
        // A bare word is a string here.
        if self.writer.places.latest() == "DEFAULT" {
            return true;
        }
        let may_be_value = match token.kind {
            Kind::DoubleQuoted => self.quotes == DoubleQuotes::MayBeStrings,
            Kind::Name => {
                token.text.eq_ignore_ascii_case("true") || token.text.eq_ignore_ascii_case("false")
            }
            _ => false,
        };
        let (after, after_that) = (self.tokens.get(at + 1), self.tokens.get(at + 2));
        may_be_value && !self.writer.places.want_name(after, after_that)
    }

    fn write_null(&mut self) {
        match self.writer.places.latest() {
            // Part of an operator, or of a column's definition.
            "IS" | "NOT" | "DEFAULT" | "SET" => self.writer.keyword("NULL"),
            _ => self.writer.value(),
        }
    }

    /// Writes a sign, or nothing if it belongs to a number; tells the token that was the last.
    fn write_sign(&mut self, at: usize) -> usize {
        let is_sign = |token: &&Token<'_>| token.kind == Kind::Sign && token.text != "~";
        let signs = self.tokens[at..].iter().take_while(is_sign).count();
        let behind = self.tokens.get(at + signs);
        if signs > 0 && behind.is_some_and(|token| token.kind == Kind::Number) {
            self.writer.value();
            return at + signs;
        }
        self.writer.sign(self.tokens[at].text);
        at
    }

    /// `PRAGMA key = hunter2`: whatever stands where the value stands is hidden, words too.
    fn write_pragma(&mut self, pragma: usize) -> bool {
        self.writer.keyword("PRAGMA");
        let mut at = pragma + 1;
        let has_schema = self.tokens.get(at + 1);
        if has_schema.is_some_and(|token| token.text == ".") && self.is_name(at) {
            self.writer.name(self.tokens[at].text);
            self.writer.operator(".");
            at += 2;
        }
        if !self.is_name(at) {
            return self.write_hidden(at);
        }
        let name = self.tokens[at].text;
        self.writer.name(name);
        at += 1;
        let takes_name = TAKE_NAMES
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        let code = |at: usize| self.tokens.get(at).map_or("", Token::code);
        let takes_this =
            takes_name && self.is_name(at + 1) && self.tokens[at + 1].kind != Kind::DoubleQuoted;
        match code(at) {
            "=" if takes_this && self.is_end(at + 2) => {
                self.writer.operator("=");
                self.writer.name(self.tokens[at + 1].text);
                true
            }
            "=" => {
                self.writer.operator("=");
                self.write_hidden(at + 1)
            }
            "(" if takes_this && code(at + 2) == ")" && self.is_end(at + 3) => {
                self.writer.open();
                self.writer.name(self.tokens[at + 1].text);
                self.writer.close();
                true
            }
            "(" => {
                self.writer.open();
                self.writer.value();
                self.writer.close();
                false
            }
            _ => self.write_hidden(at),
        }
    }

    /// `ATTACH path AS name KEY key`: the path and the key may be any operands.
    fn write_attach(&mut self, attach: usize) -> bool {
        self.writer.keyword("ATTACH");
        let mut at = attach + 1;
        if let Some(Kind::Keyword("DATABASE")) = self.tokens.get(at).map(|token| token.kind) {
            self.writer.keyword("DATABASE");
            at += 1;
        }
        let mut depth = 0_usize;
        let path = self.tokens[at..].iter().position(|token| {
            match token.code() {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.code() == "AS"
        });
        let Some(path) = path else {
            return self.write_hidden(at);
        };
        if path > 0 {
            self.writer.value();
        }
        self.writer.keyword("AS");
        at += path + 1;
        let has_key = self.tokens.get(at + 1);
        let has_key = has_key.is_some_and(|token| token.text.eq_ignore_ascii_case("KEY"));
        if !(self.is_name(at) && (has_key || self.is_end(at + 1))) {
            return self.write_hidden(at);
        }
        self.writer.name(self.tokens[at].text);
        if has_key {
            self.writer.keyword("KEY");
            return self.write_hidden(at + 2);
        }
        true
    }

    /// Hides the rest of the text behind one `?`, whatever it is: it may hold a key or a path.
    fn write_hidden(&mut self, at: usize) -> bool {
        if self.is_end(at) {
            return true;
        }
        self.writer.value();
        false
    }

    /// Whether nothing follows; of what was cut off, that is not known.
    fn is_end(&self, at: usize) -> bool {
        let mut rest = self.tokens[at.min(self.tokens.len())..].iter();
        !self.is_cut && rest.all(|token| token.text == ";")
    }

    /// Whether a name stands here that is no longer than names are: a key may be spelt like one.
    fn is_name(&self, at: usize) -> bool {
        let token = self.tokens.get(at);
        token.is_some_and(|token| token.is_name() && token.text.len() <= MAX_NAME_BYTES)
    }

    /// Whether parentheses that open here hold the arguments of a virtual table.
    fn is_module(&self) -> bool {
        self.writer.places.clause() == Clause::NewModule && self.writer.places.latest().is_empty()
    }

    /// Writes arguments that SQLite hands to a module as they are: words alone, such as columns, and what is set with `=`.
    /// Anything else is hidden. Tells the token that was the last.
    fn write_module(&mut self, open: usize) -> usize {
        self.writer.open();
        let mut at = open + 1;
        loop {
            let end = self.argument_end(at);
            self.write_argument(at, end);
            match self.tokens.get(end).map(Token::code) {
                Some(code @ ("," | ELLIPSIS)) => self.writer.operator(code),
                Some(_) => {
                    self.writer.close();
                    return end;
                }
                None => return end,
            }
            at = end + 1;
        }
    }

    /// Where the argument of a module ends that begins here.
    fn argument_end(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        let length = self.tokens[start..].iter().position(|token| {
            match token.code() {
                "(" => depth += 1,
                "," | ")" | ELLIPSIS if depth == 0 => return true,
                ")" => depth -= 1,
                _ => {}
            }
            false
        });
        length.map_or(self.tokens.len(), |length| start + length)
    }

    fn write_argument(&mut self, start: usize, end: usize) {
        let is_word = |token: &Token<'_>| matches!(token.kind, Kind::Name | Kind::Keyword(_));
        let argument = &self.tokens[start..end];
        match argument {
            [] => {}
            // Words such as `UNINDEXED` and types, which may be keywords as well.
            words if words.iter().all(is_word) => {
                words.iter().for_each(|word| self.writer.name(word.text));
            }
            [name, equals, value @ ..] if is_word(name) && equals.text == "=" => {
                self.writer.name(name.text);
                self.writer.operator("=");
                let takes_word = TAKE_WORDS
                    .iter()
                    .any(|known| name.text.eq_ignore_ascii_case(known));
                match value {
                    [word] if takes_word && word.kind == Kind::Name => self.writer.name(word.text),
                    [] => {}
                    _ => self.writer.value(),
                }
            }
            _ => self.writer.value(),
        }
    }
}

/// The settings of FTS tables whose value is one word that says how they are built (fts5.html, fts3.html).
const TAKE_WORDS: [&str; 6] = [
    "content",
    "content_rowid",
    "detail",
    "languageid",
    "order",
    "tokenize",
];

/// The pragmas whose argument is the name of a table or an index (pragma.html); of these a bare or quoted name is shown.
const TAKE_NAMES: [&str; 8] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "foreign_key_check",
];

/// Cuts a fingerprint that is too long behind one of its tokens, and marks it with a hash of the rest.
fn shorten(fingerprint: &mut String) {
    if fingerprint.len() <= MAX_FINGERPRINT_BYTES {
        return;
    }
    let head = cut(fingerprint, MAX_FINGERPRINT_BYTES + 1);
    // Whether a word or a quoted name is shown may depend on what follows: cut where that cannot matter, and not where all that
    // follows is hidden, the mark too.
    let tokens = Tokens::read(head);
    let hides = |token: &Token<'_>| matches!(token.kind, Kind::Keyword("ATTACH" | "PRAGMA"));
    let length = tokens.list.iter().position(hides);
    let shown = &tokens.list[..length.unwrap_or(tokens.list.len())];
    let last = shown.iter().rev().find(|token| {
        token.end < head.len()
            && !matches!(token.code(), "" | "." | ELLIPSIS)
            && !matches!(token.kind, Kind::Keyword(_))
    });
    let kept = last.map_or(0, |token| token.end);
    let rest = &fingerprint[kept..];
    // The mark of a fingerprint that was cut before.
    let is_mark = rest
        .trim_start()
        .strip_prefix("... ")
        .is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_mark {
        return;
    }
    // A letter at its start makes a name of the hash, which is shown as it is.
    let hash = hash(rest.bytes()) | 0xa000_0000_0000_0000;
    fingerprint.truncate(kept);
    let space = if kept > 0 { " " } else { "" };
    fingerprint.push_str(&format!("{space}{ELLIPSIS} {hash:016x}"));
}

#[cfg(test)]
mod tests;
