//! Tells which columns a statement compares and sorts by: those that an index could serve.
//!
//! Best effort, for advice that a person reads: the schema has the last word on what is a table or a column. Only names
//! are told; runs when advice is made, never when a statement is recorded.

use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::text::lexer::{Kind, Token, Tokens};

/// What a statement reads from, and by what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// Every target of FROM, JOIN, UPDATE and DELETE, in the order of the text.
    pub(crate) sources: Vec<Source>,
    /// Columns that are compared for equality, in the order of the text; none is double.
    pub(crate) equal: Vec<Column>,
    /// Columns that are compared for their order, likewise. What is negated, or a pattern, no index could serve.
    pub(crate) ranges: Vec<Column>,
    /// Whether one of several conditions is enough.
    pub(crate) has_or: bool,
    /// Names of common table expressions.
    pub(crate) expressions: Vec<String>,
    /// Columns of ORDER BY and GROUP BY.
    pub(crate) ordered: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) table: String,
    pub(crate) alias: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) qualifier: Option<String>,
    pub(crate) name: String,
}

/// Tells the conditions of a statement. A lone name in double quotes is one of them only where it can be no string.
pub(crate) fn conditions(sql: &str, quotes: DoubleQuotes) -> Conditions {
    let tokens = Tokens::read(sql);
    let mut reader = Reader {
        tokens: &tokens.list,
        quotes,
        clauses: vec![Clause::Other],
        conditions: Conditions::default(),
    };
    for at in 0..tokens.list.len() {
        reader.pass(at);
    }
    reader.conditions
}

/// The clause at hand within a pair of parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clause {
    Sources,
    Conditions,
    Using,
    Order,
    Other,
}

struct Reader<'a, 't> {
    tokens: &'t [Token<'a>],
    quotes: DoubleQuotes,
    /// One for each pair of parentheses that is open; the first is the statement's.
    clauses: Vec<Clause>,
    conditions: Conditions,
}

impl Reader<'_, '_> {
    fn pass(&mut self, at: usize) {
        self.expression(at);
        let code = self.code(at);
        let before = self.code(at.wrapping_sub(1));
        let clause = self.clauses.last().copied().unwrap_or(Clause::Other);
        let next_clause = match code {
            "(" => {
                let inside = match (clause, before) {
                    (Clause::Sources, "USING") => Clause::Using,
                    // `FROM (a JOIN b)`; the arguments of a table function are no tables.
                    (Clause::Sources, "") => Clause::Other,
                    // Columns beside each other, or arguments.
                    (Clause::Order, _) => Clause::Other,
                    (clause, _) => clause,
                };
                self.clauses.push(inside);
                if inside == Clause::Sources {
                    self.source(at + 1);
                }
                if inside == Clause::Using {
                    self.used(at);
                }
                return;
            }
            ")" => {
                if self.clauses.len() > 1 {
                    self.clauses.pop();
                }
                return;
            }
            // `IS DISTINCT FROM` compares.
            "FROM" if before == "DISTINCT" => return,
            "UPDATE" if matches!(before, "ON" | "DO" | "AFTER" | "BEFORE" | "OF" | "") => return,
            "FROM" | "JOIN" | "UPDATE" => {
                self.source(at + 1 + self.resolution(at + 1));
                Clause::Sources
            }
            "," if clause == Clause::Sources => {
                self.source(at + 1);
                return;
            }
            "ON" if clause == Clause::Sources => Clause::Conditions,
            "WHERE" | "HAVING" => Clause::Conditions,
            // Commas between tables may follow the condition of a join.
            "," if clause == Clause::Conditions && self.clauses.len() == 1 => {
                self.source(at + 1);
                Clause::Sources
            }
            "BY" if matches!(before, "ORDER" | "GROUP") => {
                self.sorted(at + 1);
                Clause::Order
            }
            "," if clause == Clause::Order => {
                self.sorted(at + 1);
                return;
            }
            "SELECT" | "VALUES" | "SET" | "LIMIT" | "RETURNING" | "WINDOW" | "GROUP" | "ORDER"
            | "INSERT" | "UNION" | "EXCEPT" | "INTERSECT" | ";" | "PARTITION" => Clause::Other,
            _ => {
                if clause == Clause::Conditions {
                    self.compared(at);
                }
                return;
            }
        };
        if let Some(clause) = self.clauses.last_mut() {
            *clause = next_clause;
        }
    }

    fn code(&self, at: usize) -> &str {
        // Nothing at all is no name.
        self.tokens.get(at).map_or(";", Token::code)
    }

    fn is_name(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_name)
    }

    /// How many tokens `OR IGNORE` and the like take.
    fn resolution(&self, at: usize) -> usize {
        if self.code(at) == "OR" { 2 } else { 0 }
    }

    /// Notes the common table expression that is named here, if it is one: nothing else has a parenthesis behind its AS.
    fn expression(&mut self, at: usize) {
        if !self.is_name(at) {
            return;
        }
        let mut behind = at + 1;
        if self.code(behind) == "(" {
            let names = self.tokens[behind + 1..].iter();
            behind += 2 + names.take_while(|token| token.text != ")").count();
        }
        let is_materialized = |at| self.code(at) == "MATERIALIZED" || self.code(at) == "NOT";
        if self.code(behind) != "AS" {
            return;
        }
        behind += 1;
        while is_materialized(behind) {
            behind += 1;
        }
        if self.code(behind) == "(" {
            let name = self.tokens[at].name().into_owned();
            self.conditions.expressions.push(name);
        }
    }

    /// Notes the table that is named here, if it is one.
    fn source(&mut self, mut at: usize) {
        if self.is_name(at) && self.code(at + 1) == "." {
            at += 2;
        }
        if !self.is_name(at) || self.code(at + 1) == "(" {
            return;
        }
        let alias = match (self.code(at + 1), self.code(at + 2)) {
            ("AS", "") => Some(at + 2),
            ("", _) => Some(at + 1),
            _ => None,
        };
        let name = |at: usize| self.tokens[at].name().into_owned();
        let source = Source {
            table: name(at),
            alias: alias.map(name),
        };
        self.conditions.sources.push(source);
    }

    /// Notes the columns of `USING (..)`.
    fn used(&mut self, open: usize) {
        let behind = self.tokens[open + 1..].iter();
        let names = behind.take_while(|token| token.text != ")");
        let columns = names.filter(|token| token.is_name()).map(|token| Column {
            qualifier: None,
            name: token.name().into_owned(),
        });
        for column in columns {
            push_new(&mut self.conditions.equal, column);
        }
    }

    /// Notes the column to sort by that begins here, if it is one and nothing else.
    fn sorted(&mut self, start: usize) {
        let Some((column, mut end)) = self.column_from(start) else {
            return;
        };
        if self.code(end) == "COLLATE" {
            end += 2;
        }
        let is_alone = matches!(
            self.code(end),
            "," | ")"
                | ";"
                | "ASC"
                | "DESC"
                | "NULLS"
                | "LIMIT"
                | "HAVING"
                | "ORDER"
                | "WINDOW"
                | "UNION"
                | "EXCEPT"
                | "INTERSECT"
                | "RETURNING"
                | "ROWS"
                | "RANGE"
                | "GROUPS"
        );
        if is_alone {
            push_new(&mut self.conditions.ordered, column);
        }
    }

    /// Notes the columns beside a comparison.
    fn compared(&mut self, at: usize) {
        let is_equality = match self.code(at) {
            "=" | "==" | "IN" | "IS" => true,
            "<" | ">" | "<=" | ">=" | "BETWEEN" => false,
            "OR" => {
                self.conditions.has_or = true;
                return;
            }
            _ => return,
        };
        let is_negated = self.code(at.wrapping_sub(1)) == "NOT"
            || self.code(at) == "IS" && matches!(self.code(at + 1), "NOT" | "DISTINCT");
        if is_negated {
            return;
        }
        let right_start = at + 1;
        let mut columns = self.columns_to(at);
        if let Some((column, end)) = self.column_from(right_start)
            && !self.is_operand_of(end)
            && self.code(at) != "IN"
        {
            columns.push(column);
        }
        let noted = if is_equality {
            &mut self.conditions.equal
        } else {
            &mut self.conditions.ranges
        };
        for column in columns {
            push_new(noted, column);
        }
    }

    /// Whether an operator that stands here binds more tightly than a comparison.
    fn is_operand_of(&self, at: usize) -> bool {
        matches!(
            self.code(at),
            "+" | "-" | "*" | "/" | "%" | "|" | "&" | "||" | "<<" | ">>" | "->" | "->>" | "(" | "~"
        )
    }

    /// The column that begins here, and where it ends.
    fn column_from(&self, start: usize) -> Option<(Column, usize)> {
        let mut last = start;
        while self.is_name(last) && self.code(last + 1) == "." {
            last += 2;
        }
        let column = self.column(last)?;
        Some((column, last + 1))
    }

    /// The columns that end before this token: one, or those of `(a, b)`.
    fn columns_to(&self, end: usize) -> Vec<Column> {
        let mut last = end.wrapping_sub(1);
        if self.is_name(last) && self.code(last.wrapping_sub(1)) == "COLLATE" {
            last = last.wrapping_sub(2);
        }
        if self.code(last) == ")" {
            return self.row_to(last);
        }
        let mut first = last;
        while self.code(first.wrapping_sub(1)) == "." {
            first = first.wrapping_sub(2);
        }
        if self.is_operand_of(first.wrapping_sub(1)) && self.code(first.wrapping_sub(1)) != "(" {
            return Vec::new();
        }
        self.column(last).into_iter().collect()
    }

    /// The columns of a row that is closed by this token, if it has nothing else.
    fn row_to(&self, close: usize) -> Vec<Column> {
        let is_part = |token: &&Token<'_>| matches!(token.code(), "" | "." | ",");
        let length = self.tokens[..close]
            .iter()
            .rev()
            .take_while(is_part)
            .count();
        let open = (close - length).wrapping_sub(1);
        // The parentheses of a function hold its arguments.
        if self.code(open) != "(" || matches!(self.code(open.wrapping_sub(1)), "" | "IN" | ")") {
            return Vec::new();
        }
        let is_last = |at: &usize| matches!(self.code(at + 1), "," | ")");
        let ends = (open + 1..close).filter(is_last);
        ends.filter_map(|at| self.column(at)).collect()
    }

    /// The column whose name is this token, with what stands before the dot before it.
    fn column(&self, last: usize) -> Option<Column> {
        let token = self.tokens.get(last).filter(|token| token.is_name())?;
        let has_qualifier = self.code(last.wrapping_sub(1)) == ".";
        let qualifier = last.checked_sub(2).and_then(|at| self.tokens.get(at));
        let qualifier = qualifier.filter(|token| has_qualifier && token.is_name());
        let may_be_value = match token.kind {
            Kind::DoubleQuoted => self.quotes == DoubleQuotes::MayBeStrings,
            Kind::Name => {
                token.text.eq_ignore_ascii_case("true") || token.text.eq_ignore_ascii_case("false")
            }
            _ => false,
        };
        if qualifier.is_none() && may_be_value || self.code(last + 1) == "(" {
            return None;
        }
        Some(Column {
            qualifier: qualifier.map(|token| token.name().into_owned()),
            name: token.name().into_owned(),
        })
    }
}

fn push_new(columns: &mut Vec<Column>, column: Column) {
    let is_known = columns.iter().any(|known| {
        let (qualifier, other) = (known.qualifier.as_deref(), column.qualifier.as_deref());
        let same_table = match (qualifier, other) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one == other,
        };
        same_table && known.name.eq_ignore_ascii_case(&column.name)
    });
    if !is_known {
        columns.push(column);
    }
}

#[cfg(test)]
mod tests;
