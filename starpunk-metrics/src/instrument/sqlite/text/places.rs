//! Follows the clauses and parentheses of a statement, to tell where SQLite's grammar has room for a name only.
//!
//! `"alice"` is a name if there is such a name, and else a string: nothing but its place can tell that it is no value.
//! Every rule here follows a production of parse.y that wants `nm`; whatever is in doubt is no such place.

use std::ops::Range;

use crate::instrument::sqlite::text::lexer::{ELLIPSIS, Token};

/// What a pair of parentheses is there for; the statement itself counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parens {
    /// `INSERT INTO t(..)`, `USING (..)`, `WITH c(..)` and the like.
    Names,
    /// `CREATE TABLE t(..)`.
    Columns,
    /// `FROM (a JOIN b)`.
    Sources,
    Cast,
    /// `IN (..)`.
    List,
    /// `VALUES (..)`.
    Row,
    /// Operands, a sub-query, or the statement.
    Other,
}

/// The clause at hand within a pair of parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    With,
    Results,
    Sources,
    Set,
    Rows,
    /// `INSERT INTO ..`.
    InsertTarget,
    UpdateTarget,
    DeleteTarget,
    NewTable,
    NewView,
    /// `CREATE VIRTUAL TABLE ..`.
    NewModule,
    /// `CREATE INDEX .. ON ..`, `CREATE TRIGGER .. ON ..`.
    NewOnTable,
    /// `UPDATE OF ..` of a trigger.
    TriggerColumns,
    Other,
}

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) parens: Parens,
    pub(crate) clause: Clause,
    /// Where the inside begins in the fingerprint.
    pub(crate) start: usize,
    /// Whether nothing but values came so far.
    pub(crate) is_plain: bool,
    /// The latest row of `VALUES`, in the fingerprint.
    pub(crate) row: Option<Range<usize>>,
}

#[derive(Debug)]
pub(crate) struct Places<'a> {
    statement: Frame,
    /// One for each pair of parentheses that is open, the inner ones last.
    inner: Vec<Frame>,
    /// The first word of the statement.
    pub(crate) verb: &'a str,
    /// The codes of the three latest tokens, the latest first.
    before: [&'a str; 3],
}

impl Frame {
    fn new(parens: Parens, clause: Clause, start: usize) -> Self {
        Self {
            parens,
            clause,
            start,
            is_plain: true,
            row: None,
        }
    }
}

impl<'a> Places<'a> {
    pub(crate) fn new() -> Self {
        Self {
            statement: Frame::new(Parens::Other, Clause::Other, 0),
            inner: Vec::new(),
            verb: "",
            before: [";"; 3],
        }
    }

    /// The parentheses at hand, or the statement.
    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.inner.last_mut().unwrap_or(&mut self.statement)
    }

    fn parens(&self) -> Parens {
        self.inner.last().unwrap_or(&self.statement).parens
    }

    pub(crate) fn clause(&self) -> Clause {
        self.inner.last().unwrap_or(&self.statement).clause
    }

    pub(crate) fn latest(&self) -> &'a str {
        self.before[0]
    }

    /// Takes note of a token; `code` is what it is shown as.
    pub(crate) fn pass(&mut self, code: &'a str) {
        let [latest, second, _] = self.before;
        // The FROM of `IS DISTINCT FROM` compares; no table follows.
        let code = match (code, latest) {
            ("FROM", "DISTINCT") => "=",
            _ => code,
        };
        if matches!(latest, ";" | "BEGIN" | "EXPLAIN" | "PLAN") {
            self.verb = code;
        }
        let frame = self.frame();
        frame.is_plain &= matches!(code, "?" | ",");
        if !matches!(code, "," | "(" | ")") {
            frame.row = None;
        }
        if code == ";" {
            // What is still open was never closed.
            *self = Self::new();
        } else if let Some(clause) = self.next_clause(code) {
            self.frame().clause = clause;
        }
        self.before = [code, latest, second];
    }

    /// Enters parentheses whose inside begins at `start` in the fingerprint.
    pub(crate) fn open(&mut self, start: usize) {
        let parens = self.next_parens();
        self.pass("(");
        let clause = match parens {
            Parens::Sources => Clause::Sources,
            _ => Clause::Other,
        };
        self.inner.push(Frame::new(parens, clause, start));
    }

    /// Leaves parentheses, if there are any.
    pub(crate) fn close(&mut self) -> Option<Frame> {
        let frame = self.inner.pop();
        self.pass(")");
        frame
    }

    fn next_clause(&self, keyword: &str) -> Option<Clause> {
        let latest = self.latest();
        let clause = self.clause();
        let is_new_on_table = matches!(clause, Clause::NewOnTable | Clause::TriggerColumns);
        Some(match keyword {
            "WITH" => Clause::With,
            "SELECT" => Clause::Results,
            "FROM" => match clause {
                Clause::Results | Clause::DeleteTarget | Clause::Set => Clause::Sources,
                _ => Clause::Other,
            },
            "WHERE" | "GROUP" | "HAVING" | "ORDER" | "LIMIT" | "WINDOW" | "UNION" | "EXCEPT"
            | "INTERSECT" | "RETURNING" | "BEGIN" => Clause::Other,
            "WHEN" if is_new_on_table => Clause::Other,
            "SET" => Clause::Set,
            "VALUES" => Clause::Rows,
            // `INSERT OR REPLACE`, `ON CONFLICT REPLACE`; `AFTER UPDATE ON t`, `ON DELETE CASCADE`, `DO UPDATE SET`.
            "REPLACE" if matches!(latest, "OR" | "CONFLICT") => return None,
            "OF" if latest == "UPDATE" && is_new_on_table => Clause::TriggerColumns,
            "INSERT" | "REPLACE" | "UPDATE" | "DELETE" if is_new_on_table || latest == "ON" => {
                return None;
            }
            "UPDATE" if latest == "DO" => Clause::Other,
            "INSERT" | "REPLACE" => Clause::InsertTarget,
            "UPDATE" => Clause::UpdateTarget,
            "DELETE" => Clause::DeleteTarget,
            "ON" => match clause {
                // Only operands in parentheses have commas: the next comma is one between tables.
                Clause::Sources => Clause::Sources,
                Clause::NewOnTable | Clause::TriggerColumns => Clause::NewOnTable,
                _ => Clause::Other,
            },
            "TABLE" if self.verb == "CREATE" => match latest {
                "VIRTUAL" => Clause::NewModule,
                _ => Clause::NewTable,
            },
            "VIEW" if self.verb == "CREATE" => Clause::NewView,
            "INDEX" | "TRIGGER" if self.verb == "CREATE" => Clause::NewOnTable,
            "AS" if matches!(clause, Clause::NewTable | Clause::NewView) => Clause::Other,
            "DEFAULT" if clause == Clause::InsertTarget => Clause::Other,
            _ => return None,
        })
    }

    fn next_parens(&self) -> Parens {
        let [latest, second, _] = self.before;
        let outside = self.parens();
        match (self.clause(), latest) {
            (_, "IN") => Parens::List,
            (_, "CAST") => Parens::Cast,
            (Clause::Sources, "USING") => Parens::Names,
            (_, "KEY") if second == "FOREIGN" => Parens::Names,
            (_, "") if second == "REFERENCES" => Parens::Names,
            (Clause::InsertTarget | Clause::With | Clause::NewView, "") => Parens::Names,
            (Clause::Set, "SET" | ",") => Parens::Names,
            (Clause::NewTable, "") => Parens::Columns,
            (Clause::Rows, "VALUES" | ",") => Parens::Row,
            (Clause::Sources, "FROM" | "JOIN" | ",") => Parens::Sources,
            (Clause::Sources, "(") if outside == Parens::Sources => Parens::Sources,
            _ => Parens::Other,
        }
    }

    /// Whether the grammar has room for nothing but a name here, before the two tokens that follow.
    pub(crate) fn want_name(
        &self,
        after: Option<&Token<'_>>,
        after_that: Option<&Token<'_>>,
    ) -> bool {
        let [latest, second, third] = self.before;
        if latest == "." && second.is_empty() {
            return true;
        }
        if after.is_some_and(|token| token.text == ".")
            && after_that
                .is_some_and(|token| token.is_name() || matches!(token.text, "*" | ELLIPSIS))
        {
            return true;
        }
        let clause = self.clause();
        let parens = self.parens();
        let is_listed = match parens {
            Parens::Names => clause == Clause::Other,
            Parens::Columns => !matches!(clause, Clause::Results | Clause::Rows),
            _ => false,
        };
        match latest {
            "AS" => parens != Parens::Cast,
            "WITH" | "RECURSIVE" | "REFERENCES" | "CONSTRAINT" | "COLLATE" | "COLUMN"
            | "SAVEPOINT" | "RELEASE" | "ANALYZE" | "REINDEX" => true,
            "TABLE" | "INDEX" | "VIEW" | "TRIGGER" => {
                matches!(self.verb, "CREATE" | "ALTER" | "DROP")
            }
            "TO" => matches!(self.verb, "ALTER" | "ROLLBACK"),
            "INTO" => clause == Clause::InsertTarget,
            "JOIN" => clause == Clause::Sources,
            "BY" => second == "INDEXED",
            "EXISTS" => second == "IF" || second == "NOT" && third == "IF",
            "RENAME" | "ADD" | "DROP" => self.verb == "ALTER",
            "FROM" => clause == Clause::Sources,
            "SET" => clause == Clause::Set,
            "UPDATE" => clause == Clause::UpdateTarget,
            "ABORT" | "FAIL" | "IGNORE" | "REPLACE" | "ROLLBACK" => {
                second == "OR" && clause == Clause::UpdateTarget
            }
            "OF" => clause == Clause::TriggerColumns,
            "ON" => clause == Clause::NewOnTable,
            "(" => is_listed || parens == Parens::Sources && clause == Clause::Sources,
            "," => {
                is_listed
                    || matches!(
                        clause,
                        Clause::With | Clause::Sources | Clause::Set | Clause::TriggerColumns
                    )
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
