//! Writes tokens one behind the other, spaced as a person would, and collapses lists of values.
//!
//! The spaces matter: what is written is read again as the same tokens. Runs where a fingerprint is made.

use crate::instrument::sqlite::text::lexer::ELLIPSIS;
use crate::instrument::sqlite::text::places::{Frame, Parens, Places};

#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: String,
    glue: Glue,
    pub(crate) places: Places<'a>,
}

/// What the latest token wants between itself and the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Glue {
    Space,
    /// A name, which takes its parentheses without a space.
    Name,
    /// A sign, which takes its operand without a space.
    Sign,
    /// A dot or an opening parenthesis.
    Tight,
}

impl<'a> Writer<'a> {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            out: String::with_capacity(bytes),
            glue: Glue::Tight,
            places: Places::new(),
        }
    }

    /// What was written, without the semicolons at its end.
    pub(crate) fn finish(mut self) -> String {
        let written = self.out.trim_end_matches([';', ' ']).len();
        self.out.truncate(written);
        self.out
    }

    pub(crate) fn keyword(&mut self, word: &'a str) {
        self.word(word, word);
        // Keywords that are written like functions.
        if matches!(word, "CAST" | "RAISE") {
            self.glue = Glue::Name;
        }
    }

    pub(crate) fn name(&mut self, name: &str) {
        self.space();
        self.out.push_str(name);
        self.glue = Glue::Name;
        self.places.pass("");
    }

    pub(crate) fn value(&mut self) {
        self.space();
        self.out.push('?');
        self.glue = Glue::Space;
        self.places.pass("?");
    }

    pub(crate) fn operator(&mut self, text: &'a str) {
        match text {
            // Three dots in a row would be an ellipsis.
            "." if self.out.ends_with('.') => {
                self.glue = Glue::Space;
                self.word(text, text);
            }
            "." => {
                self.out.push('.');
                self.glue = Glue::Tight;
                self.places.pass(text);
            }
            "," => {
                self.out.push(',');
                self.glue = Glue::Space;
                self.places.pass(text);
            }
            ";" if self.out.is_empty() || self.out.ends_with(';') => {}
            ";" => {
                self.out.push(';');
                self.glue = Glue::Space;
                self.places.pass(text);
            }
            _ => self.word(text, text),
        }
    }

    /// Writes an operator that has only the operand behind it.
    pub(crate) fn sign(&mut self, text: &'a str) {
        if self.glue == Glue::Sign && !(text == "-" && self.out.ends_with('-')) {
            self.out.push_str(text);
            self.places.pass(text);
        } else {
            // Two of these in a row would begin a comment.
            self.word(text, text);
        }
        self.glue = Glue::Sign;
    }

    pub(crate) fn open(&mut self) {
        if !matches!(self.glue, Glue::Name | Glue::Sign | Glue::Tight) {
            self.space();
        }
        self.out.push('(');
        self.glue = Glue::Tight;
        self.places.open(self.out.len());
    }

    pub(crate) fn close(&mut self) {
        self.out.push(')');
        self.glue = Glue::Space;
        if let Some(frame) = self.places.close() {
            self.collapse(&frame);
        }
    }

    /// Writes `?` for the values of a list or a row, and one row for equal rows.
    fn collapse(&mut self, frame: &Frame) {
        if !matches!(frame.parens, Parens::List | Parens::Row) {
            return;
        }
        if frame.is_plain && self.out[frame.start..].contains('?') {
            self.out.truncate(frame.start);
            self.out.push_str("?)");
        }
        if frame.parens == Parens::Row {
            let row = frame.start..self.out.len();
            let outside = self.places.frame();
            match &outside.row {
                Some(before) if self.out[before.clone()] == self.out[row.clone()] => {
                    self.out.truncate(before.end);
                }
                _ => outside.row = Some(row),
            }
        }
    }

    /// Marks that the text went on. Lists and rows that were left open collapse, so that the length of their literals
    /// shows nowhere.
    pub(crate) fn cut_off(&mut self) {
        while let Some(frame) = self.places.close() {
            let row_before = self.places.frame().row.clone();
            match (frame.parens, row_before) {
                (Parens::Row, Some(row)) => self.out.truncate(row.end),
                (Parens::List | Parens::Row, _) if frame.is_plain => {
                    self.out.truncate(frame.start);
                    self.out.push('?');
                }
                _ => {}
            }
        }
        let written = self.out.trim_end_matches([',', ' ']).len();
        self.out.truncate(written);
        self.word(ELLIPSIS, ELLIPSIS);
    }

    /// Writes a word of its own.
    fn word(&mut self, text: &str, code: &'a str) {
        if self.glue == Glue::Sign || text == ELLIPSIS && !self.out.is_empty() {
            self.glue = Glue::Space;
        }
        self.space();
        self.out.push_str(text);
        self.glue = Glue::Space;
        self.places.pass(code);
    }

    fn space(&mut self) {
        if matches!(self.glue, Glue::Space | Glue::Name) {
            self.out.push(' ');
        }
    }
}
