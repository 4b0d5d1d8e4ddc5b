//! Tells SQLite's keywords from names that are spelt like them.
//!
//! SQLite takes most of its keywords for names wherever its grammar has no use for the keyword (`%fallback` in
//! parse.y): `SELECT key, action FROM plan` is fine. Here the words around it decide. A mistake costs the look of a
//! fingerprint, never a literal: what may be shown depends on reserved words, or on words that begin a statement.

use crate::instrument::sqlite::text::lexer::{ELLIPSIS, Kind, Token};

macro_rules! words {
    ($($word:ident)*) => { &[$(stringify!($word)),*] };
}

/// Keywords by their first letter: those that are never names, and those that may be.
#[rustfmt::skip]
fn by_first_letter(letter: u8) -> (&'static [&'static str], &'static [&'static str]) {
    match letter {
        b'A' => (words!(AND AS ALL ADD ALTER AUTOINCREMENT), words!(ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH)),
        b'B' => (words!(BETWEEN), words!(BY BEGIN BEFORE)),
        b'C' => (words!(CASE CREATE COLLATE CHECK COMMIT CONSTRAINT),
            words!(CASCADE CAST COLUMN CONFLICT CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP)),
        b'D' => (words!(DELETE DISTINCT DEFAULT DROP DEFERRABLE), words!(DATABASE DEFERRED DESC DETACH DO)),
        b'E' => (words!(ELSE EXISTS ESCAPE EXCEPT), words!(EACH END EXCLUDE EXCLUSIVE EXPLAIN)),
        b'F' => (words!(FROM FOREIGN), words!(FAIL FILTER FIRST FOLLOWING FOR FULL)),
        b'G' => (words!(GROUP), words!(GENERATED GLOB GROUPS)),
        b'H' => (words!(HAVING), words!()),
        b'I' => (words!(IN INTO IS INSERT INDEX ISNULL INTERSECT),
            words!(IF IGNORE IMMEDIATE INDEXED INITIALLY INNER INSTEAD)),
        b'J' => (words!(JOIN), words!()),
        b'K' => (words!(), words!(KEY)),
        b'L' => (words!(LIMIT), words!(LAST LEFT LIKE)),
        b'M' => (words!(), words!(MATCH MATERIALIZED)),
        b'N' => (words!(NOT NULL NOTHING NOTNULL), words!(NATURAL NO NULLS)),
        b'O' => (words!(ON OR ORDER), words!(OF OFFSET OTHERS OUTER OVER)),
        b'P' => (words!(PRIMARY), words!(PARTITION PLAN PRAGMA PRECEDING)),
        b'Q' => (words!(), words!(QUERY)),
        b'R' => (words!(RETURNING REFERENCES),
            words!(RAISE RANGE RECURSIVE REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RIGHT ROLLBACK ROW ROWS)),
        b'S' => (words!(SELECT SET), words!(SAVEPOINT)),
        b'T' => (words!(TO TABLE THEN TRANSACTION), words!(TEMP TEMPORARY TIES TRIGGER)),
        b'U' => (words!(UPDATE UNION UNIQUE USING), words!(UNBOUNDED)),
        b'V' => (words!(VALUES), words!(VACUUM VIEW VIRTUAL)),
        b'W' => (words!(WHERE WHEN), words!(WINDOW WITH WITHOUT)),
        _ => (&[], &[]),
    }
}

/// The keyword that a word is, or may be, in upper case.
pub(crate) fn keyword(word: &str) -> Option<&'static str> {
    let letter = word.as_bytes().first()?.to_ascii_uppercase();
    let (reserved, others) = by_first_letter(letter);
    find(reserved, word).or_else(|| find(others, word))
}

fn is_reserved(keyword: &str) -> bool {
    let letter = keyword.as_bytes().first().copied();
    letter.is_some_and(|letter| find(by_first_letter(letter).0, keyword).is_some())
}

fn find(list: &[&'static str], word: &str) -> Option<&'static str> {
    let mut words = list.iter().copied();
    words.find(|known| known.len() == word.len() && known.eq_ignore_ascii_case(word))
}

/// What stands around a token; names have no code, and so has nothing at all.
struct Around<'a> {
    /// The two tokens before, the nearer one first.
    before: [&'a str; 2],
    /// The two tokens behind.
    after: [&'a str; 2],
    has_next: bool,
    /// Whether a statement begins here.
    is_start: bool,
    /// Whether what stands before ends an operand, so that an operator or a clause may follow.
    is_behind_operand: bool,
    is_in_case: bool,
}

/// Makes names of the keywords that are used as names, and signs of the operators that have one operand.
pub(crate) fn resolve(tokens: &mut [Token<'_>]) {
    let mut before = ["", ""];
    let mut is_start = true;
    let mut is_behind_operand = false;
    let mut cases = 0_usize;
    for at in 0..tokens.len() {
        let code_at = |at: usize| tokens.get(at).map_or("", Token::code);
        let around = Around {
            before,
            after: [code_at(at + 1), code_at(at + 2)],
            has_next: at + 1 < tokens.len(),
            is_start,
            is_behind_operand,
            is_in_case: cases > 0,
        };
        let token = &mut tokens[at];
        match token.kind {
            Kind::Keyword(word) if !is_reserved(word) && !around.wants(word) => {
                token.kind = Kind::Name;
            }
            Kind::Operator if token.text == "~" => token.kind = Kind::Sign,
            Kind::Operator if matches!(token.text, "-" | "+") && !is_behind_operand => {
                token.kind = Kind::Sign;
            }
            _ => {}
        }
        let code = token.code();
        is_start = match code {
            ";" | "EXPLAIN" | "BEGIN" => true,
            "PLAN" => before[0] == "QUERY",
            _ => false,
        };
        is_behind_operand = match code {
            "" | "?" | ")" | "NULL" | "END" | "ASC" | "DESC" | "ISNULL" | "NOTNULL"
            | "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" => true,
            // All columns, or a product.
            "*" => !is_behind_operand,
            // `x NOT LIKE y`, `NOT x`.
            "NOT" => is_behind_operand,
            _ => false,
        };
        match code {
            "CASE" => cases += 1,
            "END" => cases = cases.saturating_sub(1),
            _ => {}
        }
        before = [code, before[0]];
    }
}

impl Around<'_> {
    /// Whether SQLite's grammar has a use for this keyword here.
    fn wants(&self, word: &str) -> bool {
        let [before, before_that] = self.before;
        let [after, after_that] = self.after;
        if before == "." || after == "." {
            return false;
        }
        // A name follows; an operand would do for what asks this.
        let before_name = self.has_next && after.is_empty();
        match word {
            "ANALYZE" | "ATTACH" | "DETACH" | "EXPLAIN" | "PRAGMA" | "REINDEX" | "RELEASE"
            | "VACUUM" => self.is_start,
            "LIKE" | "GLOB" | "REGEXP" | "MATCH" => self.is_behind_operand,
            "ASC" | "DESC" => self.is_behind_operand || before == "KEY",
            "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" => true,
            "CAST" | "RAISE" => after == "(" && !self.is_behind_operand,
            "BY" => matches!(before, "ORDER" | "GROUP" | "PARTITION" | "INDEXED"),
            "OFFSET" => {
                let before_operand = matches!(
                    after,
                    "?" | "(" | "-" | "+" | "~" | "NULL" | "NOT" | "CASE" | "CAST" | "EXISTS"
                );
                self.is_behind_operand && (before_name || before_operand)
            }
            "END" => self.is_start || self.is_behind_operand && self.is_in_case,
            "BEGIN" => {
                self.is_start
                    || matches!(
                        after,
                        "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "WITH" | "VALUES"
                    )
            }
            "WITH" => {
                self.is_start
                    || after == "RECURSIVE"
                    || before_name && matches!(after_that, "AS" | "(" | ELLIPSIS)
            }
            "RECURSIVE" => before == "WITH",
            "MATERIALIZED" => matches!(before, "AS" | "NOT"),
            "REPLACE" if self.is_start || after == "INTO" => true,
            "ROLLBACK" if self.is_start => true,
            "ABORT" | "FAIL" | "IGNORE" | "REPLACE" | "ROLLBACK" => match before {
                "OR" => matches!(before_that, "INSERT" | "UPDATE"),
                "(" => before_that == "RAISE",
                _ => before == "CONFLICT",
            },
            "CONFLICT" => before == "ON",
            "DO" => matches!(after, "NOTHING" | "UPDATE"),
            "CROSS" | "FULL" | "INNER" | "LEFT" | "NATURAL" | "OUTER" | "RIGHT" => matches!(
                after,
                "JOIN" | "CROSS" | "FULL" | "INNER" | "LEFT" | "NATURAL" | "OUTER" | "RIGHT"
            ),
            "INDEXED" => after == "BY" || before == "NOT",
            "FILTER" => before == ")" && after == "(",
            "OVER" => before == ")" && (before_name || after == "("),
            "WINDOW" => {
                self.is_behind_operand && before_name && matches!(after_that, "AS" | ELLIPSIS)
            }
            "PARTITION" => after == "BY",
            "ROWS" | "RANGE" | "GROUPS" => {
                matches!(after, "BETWEEN" | "UNBOUNDED" | "CURRENT")
                    || matches!(after_that, "PRECEDING" | "FOLLOWING")
            }
            "UNBOUNDED" => matches!(after, "PRECEDING" | "FOLLOWING"),
            "PRECEDING" | "FOLLOWING" => self.is_behind_operand || before == "UNBOUNDED",
            "CURRENT" => after == "ROW",
            "ROW" => matches!(before, "EACH" | "CURRENT"),
            "EXCLUDE" => matches!(after, "NO" | "CURRENT" | "GROUP" | "TIES"),
            "NO" => matches!(after, "OTHERS" | "ACTION"),
            "OTHERS" | "ACTION" => before == "NO",
            "TIES" => before == "EXCLUDE",
            "NULLS" => matches!(after, "FIRST" | "LAST"),
            "FIRST" | "LAST" => before == "NULLS",
            "KEY" => matches!(before, "PRIMARY" | "FOREIGN"),
            "CASCADE" | "RESTRICT" => matches!(before, "DELETE" | "UPDATE"),
            "GENERATED" => after == "ALWAYS",
            "ALWAYS" => before == "GENERATED",
            "WITHOUT" => before == ")",
            "INITIALLY" => matches!(before, "DEFERRABLE"),
            "DEFERRED" | "IMMEDIATE" | "EXCLUSIVE" => matches!(before, "BEGIN" | "INITIALLY"),
            "TEMP" | "TEMPORARY" | "VIRTUAL" => before == "CREATE",
            "TRIGGER" | "VIEW" => matches!(before, "CREATE" | "DROP" | "TEMP" | "TEMPORARY"),
            "IF" => {
                matches!(before, "TABLE" | "INDEX" | "VIEW" | "TRIGGER")
                    && matches!(after, "NOT" | "EXISTS")
            }
            "BEFORE" | "AFTER" => matches!(after, "DELETE" | "INSERT" | "UPDATE"),
            "INSTEAD" => after == "OF",
            "OF" => matches!(before, "INSTEAD" | "UPDATE"),
            "FOR" => after == "EACH",
            "EACH" => before == "FOR",
            "COLUMN" => matches!(before, "ADD" | "DROP" | "RENAME" | "ALTER"),
            "RENAME" => self.is_behind_operand && (before_name || matches!(after, "TO" | "COLUMN")),
            "SAVEPOINT" => self.is_start || matches!(before, "TO" | "RELEASE"),
            "DATABASE" => matches!(before, "ATTACH" | "DETACH"),
            "QUERY" => before == "EXPLAIN",
            "PLAN" => before == "QUERY",
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::sqlite::text::lexer::Tokens;

    #[test]
    fn all_keywords_of_sqlite_are_known() {
        let letters = b'A'..=b'Z';
        let counts = letters.map(|letter| {
            let (reserved, others) = by_first_letter(letter);
            for word in reserved.iter().chain(others) {
                assert_eq!(keyword(&word.to_ascii_lowercase()), Some(*word));
            }
            reserved.len() + others.len()
        });
        // sqlite3_keyword_count(), 3.54.
        assert_eq!(counts.sum::<usize>(), 147);
        assert_eq!(keyword("selec"), None);
        assert_eq!(keyword(""), None);
    }

    #[test]
    fn names_spelt_like_keywords_are_names() {
        for sql in [
            "SELECT key , action FROM plan",
            "SELECT begin , end FROM query WHERE desc = ?",
            "SELECT x key , y offset FROM t",
            "INSERT INTO kv ( key , replace ) VALUES ( ? )",
            "SELECT replace ( a ) , like ( b ) , if ( c ) , left ( d )",
            "UPDATE t SET row = ? , view = ? , temp = rows + ?",
            "CREATE TABLE temp ( each , first , filter , initially )",
            "SELECT with FROM window WHERE over IN ( match )",
            "SELECT temp . x , t . key FROM temp . t",
            "DELETE FROM exclude WHERE current = ? AND NOT like ( a )",
            "CREATE TABLE if ( no )",
        ] {
            assert_eq!(names_in_lower_case(sql), sql);
        }
    }

    #[test]
    fn keywords_that_may_be_names_are_keywords_in_their_place() {
        for sql in [
            "BEGIN IMMEDIATE TRANSACTION",
            "ROLLBACK TO SAVEPOINT x",
            "EXPLAIN QUERY PLAN WITH RECURSIVE c AS MATERIALIZED ( SELECT ? ) SELECT ?",
            "REPLACE INTO t VALUES ( ? )",
            "WITH c AS ( SELECT ? ) REPLACE INTO t SELECT ?",
            "INSERT OR REPLACE INTO t VALUES ( ? ) ON CONFLICT ( a ) DO UPDATE SET a = ?",
            "SELECT CASE WHEN a THEN b END FROM t NATURAL LEFT OUTER JOIN u INDEXED BY i",
            "SELECT a FROM t NOT INDEXED WHERE a NOT LIKE ? AND b GLOB ? AND t MATCH ?",
            "SELECT a FROM t ORDER BY a DESC NULLS LAST , b ASC LIMIT ? OFFSET ?",
            "SELECT sum ( a ) FILTER ( WHERE b ) OVER ( PARTITION BY c ORDER BY d ) FROM t",
            "SELECT sum ( a ) OVER w FROM t WINDOW w AS ( ROWS ? PRECEDING EXCLUDE CURRENT ROW )",
            "SELECT sum ( a ) OVER ( ROWS BETWEEN UNBOUNDED PRECEDING AND ? FOLLOWING ) FROM t",
            "CREATE TEMP TRIGGER IF NOT EXISTS x INSTEAD OF UPDATE OF a ON t FOR EACH ROW \
             BEGIN SELECT RAISE ( ABORT , ? ) ; END",
            "CREATE TRIGGER x AFTER DELETE ON t BEGIN REPLACE INTO u VALUES ( ? ) ; END",
            "CREATE TABLE t ( a PRIMARY KEY DESC , b REFERENCES u ON DELETE CASCADE ON UPDATE NO ACTION \
             DEFERRABLE INITIALLY DEFERRED , c GENERATED ALWAYS AS ( CAST ( a AS x ) ) ) WITHOUT rowid",
            "ALTER TABLE t RENAME COLUMN a TO b",
            "ATTACH DATABASE ? AS x",
            "SELECT CURRENT_TIMESTAMP",
        ] {
            assert_eq!(names_in_lower_case(sql), sql);
        }
    }

    /// Keywords in upper case, names in lower case.
    fn names_in_lower_case(sql: &str) -> String {
        let lower = sql.to_ascii_lowercase();
        let tokens = Tokens::read(&lower);
        let words = tokens.list.iter().map(|token| match token.code() {
            "" => token.text,
            code => code,
        });
        words.collect::<Vec<_>>().join(" ")
    }
}
