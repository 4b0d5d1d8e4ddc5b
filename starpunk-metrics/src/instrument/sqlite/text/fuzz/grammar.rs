//! Makes SQL from a seed: statements by templates, written down in ways that mean the same.

/// What is hidden in every literal, parameter and comment.
pub(super) const MARKER: &str = "zqmarkerqz";

/// A sequence of numbers that look random (splitmix64): one seed is all that proptest has to shrink and print.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap() % bound
    }

    pub(super) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    /// A keyword, a name or punctuation.
    Word(&'static str),
    Value,
    /// No NULL: `DEFAULT NULL` is part of a table's form.
    Default,
    /// What a key or a path may be: a value, or a name in any quotes.
    Secret,
    /// `(?, ?, ..)` of any length.
    List,
    /// Rows of so many values each.
    Rows(usize),
}

/// Statements that SQLite takes in the schema of the tests; `~x` stands for a template of its own.
const STATEMENTS: [&str; 32] = [
    "~s",
    "~s",
    "~s ;",
    "EXPLAIN QUERY PLAN ~s",
    "WITH x ( d ) AS ( ~1 ) ~s",
    "WITH RECURSIVE x ( n ) AS ( SELECT ~v UNION ALL SELECT n + ~v FROM x WHERE n < ~v ) SELECT n FROM x",
    "SELECT a FROM t UNION ~1 EXCEPT SELECT ~e FROM t ORDER BY 1 LIMIT ~v",
    "VALUES ~r2",
    "INSERT INTO t VALUES ~r4",
    "INSERT INTO t ( a , \"b\" ) VALUES ~r2 ON CONFLICT ( a ) DO UPDATE SET b = excluded.b , \"c\" = ~v WHERE ~e RETURNING a , ~e",
    "INSERT OR REPLACE INTO main.t ( a , action ) VALUES ( ~k , ~v ) , ( ~v , ~k )",
    "INSERT INTO t ( a , b ) SELECT d , ~v FROM w WHERE d = ~v ON CONFLICT DO NOTHING",
    "REPLACE INTO \"t\" AS x ( a ) VALUES ~r1",
    "UPDATE OR IGNORE t SET a = ~v , b = ~e , ( c , action ) = ( ~v , ~k ) WHERE ~e",
    "UPDATE t SET b = d FROM w WHERE a = d AND ~e RETURNING ~v",
    "DELETE FROM t WHERE ~e",
    "DELETE FROM t RETURNING a , ~v",
    "SELECT ~v IS DISTINCT FROM ~v , ~v FROM t",
    "DELETE FROM main . \"t\" WHERE a = ~v RETURNING *",
    "CREATE TABLE n1 ( a integer PRIMARY KEY DESC , b varchar ( 10 ) DEFAULT ~d CHECK ( b <> ~v ) , \"c\" REFERENCES t ( \"a\" ) ON DELETE SET NULL )",
    "CREATE TABLE IF NOT EXISTS n2 AS ~s",
    "CREATE TEMP VIEW n3 ( a ) AS ~1",
    "CREATE UNIQUE INDEX IF NOT EXISTS n4 ON t ( a , lower ( b ) DESC ) WHERE c = ~d",
    "CREATE TEMP TRIGGER n5 AFTER UPDATE OF a , \"b\" ON t FOR EACH ROW WHEN new.a = ~v BEGIN INSERT INTO w VALUES ~r3 ; UPDATE w SET d = ~v , \"e\" = ~v ; DELETE FROM w WHERE d IN ~l ; END",
    "CREATE TRIGGER n6 BEFORE DELETE ON \"t\" BEGIN SELECT RAISE ( ABORT , ~v ) WHERE old.a = ~v ; END ;",
    "ALTER TABLE t ADD COLUMN \"n\" text DEFAULT ~d",
    "ALTER TABLE t RENAME TO \"n7\"",
    "BEGIN IMMEDIATE",
    "SAVEPOINT \"s\"",
    "DROP TABLE IF EXISTS \"n8\"",
    "ANALYZE t",
    "PRAGMA table_info ( t )",
];

/// Statements with keys and paths.
const SECRETS: [&str; 14] = [
    "PRAGMA key = ~x",
    "PRAGMA main . rekey = ~x ;",
    "PRAGMA key ( ~x )",
    "PRAGMA key ~x",
    "PRAGMA table_info ( ~v )",
    "EXPLAIN PRAGMA key = ~x",
    "ATTACH ~x AS aux",
    "ATTACH DATABASE ~x || lower ( ~x ) AS aux KEY ~x",
    "ATTACH CAST ( ~x AS text ) AS aux KEY ~x || ~x ;",
    "VACUUM INTO ~x",
    "VACUUM main INTO ~x || ~x",
    "CREATE VIRTUAL TABLE n9 USING fts5 ( a , ~v , tokenize = ~v , b = / ~x / ~x )",
    "SELECT 1 ; PRAGMA key = ~x",
    "DETACH ~v",
];

const SELECTS: [&str; 8] = [
    "SELECT ~e FROM ~f WHERE ~e",
    "SELECT DISTINCT a , ~e AS \"x\" , ~v FROM ~f WHERE a = ~v AND b IN ~l",
    "SELECT t.* , ~e y FROM ~f WHERE ~e ORDER BY a DESC NULLS LAST , b COLLATE nocase LIMIT ~v OFFSET ~v",
    "SELECT b , count ( * ) FROM ~f GROUP BY b , action HAVING count ( * ) > ~v",
    "SELECT sum ( a ) FILTER ( WHERE ~e ) OVER ( PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW ) FROM t",
    "SELECT * FROM ( SELECT a , ~v AS \"z\" , b , c , action FROM t ) AS \"q\" WHERE ~e",
    "SELECT ~k , ~v",
    "SELECT a FROM t WHERE ( a , b ) IN ( VALUES ~r2 )",
];

const SOURCES: [&str; 8] = [
    "t",
    "main . \"t\"",
    "t NOT INDEXED",
    "t JOIN w ON a = w.d AND ~e",
    "t NATURAL LEFT OUTER JOIN \"w\"",
    "t , \"w\"",
    "( t CROSS JOIN w )",
    "t , json_each ( ~v ) AS \"j\"",
];

const OPERANDS: [&str; 27] = [
    "a",
    "t.b",
    "`c`",
    "[action]",
    "\"t\".\"a\"",
    "a = ~v",
    "b < ~v",
    "a + ~v * ~v",
    "a - ~v",
    "~ ~v",
    "NOT ~e",
    "~e AND ~e",
    "( ~e ) OR b == ~v",
    "a IN ~l",
    "b NOT IN ( ~v , c , ~v )",
    "a IN ( SELECT d FROM w WHERE e = ~v )",
    "a LIKE ~v ESCAPE ~v",
    "a NOT GLOB ~v",
    "b BETWEEN ~v AND ~v",
    "a IS NOT NULL",
    "b NOTNULL",
    "c IS NOT DISTINCT FROM ~v",
    "CAST ( ~v AS text )",
    "CASE a WHEN ~v THEN ~v ELSE ~e END",
    "coalesce ( a , ~v , ~e )",
    "( a , b ) = ( ~v , ~v )",
    "EXISTS ( SELECT ~v FROM w WHERE d = ~v )",
];

const CONSTANTS: [&str; 6] = [
    "~v",
    "~v || ~v",
    "lower ( ~v )",
    "CURRENT_TIMESTAMP",
    "( SELECT d FROM w WHERE d = ~v )",
    "CASE WHEN ~v THEN ~v END -> ~v",
];

/// A statement that SQLite takes.
pub(super) fn statement(dice: &mut Dice) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let template = dice.pick(&STATEMENTS);
    expand(dice, template, 0, &mut pieces);
    pieces
}

/// A statement that holds a key or a path.
pub(super) fn secret(dice: &mut Dice) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let template = dice.pick(&SECRETS);
    expand(dice, template, 0, &mut pieces);
    pieces
}

fn expand(dice: &mut Dice, template: &'static str, depth: usize, pieces: &mut Vec<Piece>) {
    for word in template.split(' ') {
        let inner = match word {
            "~v" => {
                pieces.push(Piece::Value);
                continue;
            }
            "~d" => {
                pieces.push(Piece::Default);
                continue;
            }
            "~x" => {
                pieces.push(Piece::Secret);
                continue;
            }
            "~l" => {
                pieces.push(Piece::List);
                continue;
            }
            "~r1" | "~r2" | "~r3" | "~r4" => {
                let columns = usize::from(word.as_bytes()[2] - b'0');
                pieces.push(Piece::Rows(columns));
                continue;
            }
            "~s" => dice.pick(&SELECTS),
            "~1" => "SELECT ~e FROM t WHERE ~e",
            "~f" => dice.pick(&SOURCES),
            // Simple ones are first.
            "~e" if depth > 3 => dice.pick(&OPERANDS[..8]),
            "~e" => dice.pick(&OPERANDS),
            "~k" => dice.pick(&CONSTANTS),
            _ => {
                pieces.push(Piece::Word(word));
                continue;
            }
        };
        expand(dice, inner, depth + 1, pieces);
    }
}

/// How literals and what is between the tokens look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As SQLite takes them.
    Valid,
    /// With the marker in each, but none in double quotes.
    Marked,
    /// Some in double quotes.
    MarkedInDoubleQuotes,
}

pub(super) fn write(dice: &mut Dice, pieces: &[Piece], style: Style) -> String {
    let mut sql = String::new();
    for piece in pieces {
        match piece {
            Piece::Word(word) => write_word(dice, &mut sql, word, style),
            Piece::Value => write_value(dice, &mut sql, style),
            Piece::Default if style == Style::Valid => {
                write_gap(dice, &mut sql, style);
                sql.push_str(dice.pick(&["1", "-1", "'a'", "x'00'", "TRUE", "+ .5"]));
            }
            Piece::Default => write_value(dice, &mut sql, style),
            Piece::Secret => write_secret(dice, &mut sql, style),
            Piece::List => write_values(dice, &mut sql, None, style),
            Piece::Rows(columns) => {
                write_values(dice, &mut sql, Some(*columns), style);
                while dice.one_in(2) {
                    write_word(dice, &mut sql, ",", style);
                    write_values(dice, &mut sql, Some(*columns), style);
                }
            }
        }
    }
    write_gap(dice, &mut sql, style);
    sql
}

fn write_values(dice: &mut Dice, sql: &mut String, count: Option<usize>, style: Style) {
    let count = count.unwrap_or_else(|| 1 + dice.below(4));
    write_word(dice, sql, "(", style);
    for at in 0..count {
        if at > 0 {
            write_word(dice, sql, ",", style);
        }
        write_value(dice, sql, style);
    }
    write_word(dice, sql, ")", style);
}

fn write_word(dice: &mut Dice, sql: &mut String, word: &str, style: Style) {
    let is_tight = |c: char| matches!(c, '(' | ')' | ',');
    let may_touch = word.starts_with(is_tight) || sql.ends_with(is_tight);
    if !(may_touch && dice.one_in(2)) {
        write_gap(dice, sql, style);
    }
    let is_keyword = word.starts_with(|c: char| c.is_ascii_uppercase());
    match dice.below(3) {
        0 if is_keyword => sql.push_str(&word.to_ascii_lowercase()),
        1 if is_keyword => sql.extend(word.char_indices().map(|(at, c)| {
            if at % 2 == 0 {
                c
            } else {
                c.to_ascii_lowercase()
            }
        })),
        _ => sql.push_str(word),
    }
}

fn write_gap(dice: &mut Dice, sql: &mut String, style: Style) {
    let gaps: &[&str] = match (dice.below(12), style) {
        (0, _) => &["\n", "\t ", "\r\n", "\x0c", "  ", " \u{feff}"],
        (1, Style::Valid) => &["/* ' \" */", " -- it's ; --\n", "/**/", "/*/ [ */", "--\n"],
        (1, _) => &[
            "/*zqmarkerqz*/",
            " --zqmarkerqz\n",
            "/* ' zqmarkerqz \" -- */",
            "-- /* zqmarkerqz\n",
            "/*/ zqmarkerqz /* */",
        ],
        _ => &[" "],
    };
    // A minus before `--` would be part of the comment.
    if sql.ends_with('-') {
        sql.push(' ');
    }
    sql.push_str(dice.pick(gaps));
}

fn write_value(dice: &mut Dice, sql: &mut String, style: Style) {
    write_gap(dice, sql, style);
    let values: &[&str] = match style {
        Style::Valid => &[
            "1",
            "-1",
            "+ 2",
            "- -3",
            "1_000",
            "0xFF",
            ".5",
            "1.5e-3",
            "-2.",
            "'a'",
            "'it''s'",
            "''",
            "'FROM x'",
            "'C:\\'",
            "x'00ff'",
            "X''",
            "NULL",
            "null",
            "TRUE",
            "false",
            "\"no name\"",
            "'-- x'",
            "'/*'",
            "-9223372036854775808",
        ],
        Style::Marked | Style::MarkedInDoubleQuotes => &[
            "'zqmarkerqz'",
            "'it''s zqmarkerqz'",
            "'\\zqmarkerqz\\'",
            "'\" zqmarkerqz'",
            "'/* zqmarkerqz -- '",
            "x'zqmarkerqz'",
            "X'00zqmarkerqz'",
            "1zqmarkerqz",
            "-.5zqmarkerqz",
            "0xFFzqmarkerqz",
            "1e5zqmarkerqz",
            ":zqmarkerqz",
            "@zqmarkerqz",
            "#zqmarkerqz",
            "$zqmarkerqz",
            "$p::zqmarkerqz",
            "$p::x(zqmarkerqz)",
            "$p(zqmarkerqz zqmarkerqz)",
            "@p::q(zqmarkerqz)",
            "- 'zqmarkerqz'",
            "''''''",
        ],
    };
    let value = if style == Style::MarkedInDoubleQuotes && dice.one_in(2) {
        dice.pick(&["\"zqmarkerqz\"", "\"a\"\"zqmarkerqz\"", "\"'zqmarkerqz'\""])
    } else {
        dice.pick(values)
    };
    sql.push_str(value);
}

fn write_secret(dice: &mut Dice, sql: &mut String, style: Style) {
    if dice.one_in(2) {
        return write_value(dice, sql, style);
    }
    write_gap(dice, sql, style);
    sql.push_str(dice.pick(&[
        "zqmarkerqz",
        "\"zqmarkerqz\"",
        "[zqmarkerqz]",
        "`zqmarkerqz`",
        "zqmarkerqz.zqmarkerqz",
        "f(zqmarkerqz, 'zqmarkerqz')",
        "(zqmarkerqz)",
        "-zqmarkerqz",
        "(SELECT zqmarkerqz AS zqmarkerqz)",
    ]));
}
