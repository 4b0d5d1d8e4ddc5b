//! A random program: what it executes, and what was done and seen when it ran.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, Row, Rows, Statement};
use starpunk_metrics::sqlite::MonitoredConnection;

use crate::random::Random;
use crate::statements::{CONTROL, READS, WRITES};

/// A statement that was executed.
#[derive(Debug)]
pub(crate) struct Done {
    /// `None` where its text was refused.
    pub(crate) name: Option<&'static str>,
    pub(crate) rows: u64,
    /// `None` where the hook cannot know.
    pub(crate) failed: Option<bool>,
}

pub(crate) struct Program<'a> {
    random: Random,
    connection: &'a Connection,
    /// The same connection, where half of the calls go through the wrapper.
    monitored: Option<&'a MonitoredConnection>,
    dir: &'a Path,
    depth: usize,
    tables_made: u32,
    /// In the order in which they ended.
    pub(crate) done: Vec<Done>,
    /// What the application saw.
    pub(crate) results: Vec<String>,
    /// What was executed, for somebody who has to find out why.
    pub(crate) text: Vec<String>,
}

impl<'a> Program<'a> {
    pub(crate) fn new(
        seed: u64,
        connection: &'a Connection,
        monitored: Option<&'a MonitoredConnection>,
        dir: &'a Path,
    ) -> Self {
        Self {
            random: Random::new(seed),
            connection,
            monitored,
            dir,
            depth: 0,
            tables_made: 0,
            done: Vec::new(),
            results: Vec::new(),
            text: Vec::new(),
        }
    }

    pub(crate) fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
        }
    }

    fn step(&mut self) {
        match self.random.below(16) {
            0 | 1 => self.write(),
            2 => self.control(),
            3..=5 => self.read(false),
            6 => self.read(true),
            7 => self.read_in_turns(),
            8 => self.change_schema(),
            9 => self.explain(),
            10 => self.map_a_row(),
            11 => self.write_many(),
            12 => self.run_script(),
            13 => self.delete_returning(),
            14 => self.prepare_nonsense(),
            _ => self.write_while_locked(),
        }
    }

    fn write(&mut self) {
        let (name, sql) = self.random.one_of(&WRITES);
        let wrapper = self.wrapper();
        self.note(sql);
        let result = match wrapper {
            Some(monitored) => monitored.execute(sql, []),
            None => self.connection.execute(sql, []),
        };
        self.wrote(name, result, wrapper.is_some());
    }

    fn wrote(&mut self, name: &'static str, result: rusqlite::Result<usize>, is_wrapped: bool) {
        let was_refused = match &result {
            Err(Error::SqlInputError { .. }) => true,
            Err(error) => error.to_string().contains("no such"),
            Ok(_) => false,
        };
        if !was_refused {
            let rows = matches!(result, Err(Error::ExecuteReturnedResults));
            let failed = failure(&result).or(is_wrapped.then_some(true));
            self.did(name, rows.into(), failed);
        } else if is_wrapped {
            self.done.push(Done {
                name: None,
                rows: 0,
                failed: Some(true),
            });
        }
        self.saw(result);
    }

    fn control(&mut self) {
        let (name, sql) = self.random.one_of(&CONTROL);
        self.note(sql);
        let result = self.connection.execute_batch(sql);
        self.did(name, 0, failure(&result));
        self.saw(result);
    }

    fn read(&mut self, is_cached: bool) {
        let (name, sql) = self.random.one_of(&READS);
        let most = self.random.below(14);
        self.note(sql);
        let connection = self.connection;
        if is_cached {
            match connection.prepare_cached(sql) {
                Ok(mut statement) => self.read_rows(name, &mut statement, most),
                Err(error) => self.saw(Err::<(), _>(error)),
            }
        } else {
            match connection.prepare(sql) {
                Ok(mut statement) => self.read_rows(name, &mut statement, most),
                Err(error) => self.saw(Err::<(), _>(error)),
            }
        }
    }

    /// Reads so many rows at most, once or twice, and does something else between some.
    fn read_rows(&mut self, name: &'static str, statement: &mut Statement<'_>, most: u64) {
        for _ in 0..1 + self.random.below(2) {
            let mut rows = statement.query([]).unwrap();
            let mut values = Vec::new();
            let mut end = Ok(());
            for _ in 0..most {
                match rows.next() {
                    Ok(Some(row)) => values.push(format!("{:?}", row.get_ref(0).unwrap())),
                    Ok(None) => break,
                    Err(error) => {
                        end = Err(error);
                        break;
                    }
                }
                if self.depth < 2 && self.random.below(4) == 0 {
                    self.depth += 1;
                    self.step();
                    self.depth -= 1;
                }
            }
            drop(rows);
            if most > 0 {
                self.did(name, values.len() as u64, failure(&end));
            }
            self.saw(end.map(|()| values));
        }
    }

    fn read_in_turns(&mut self) {
        let (first, second) = (self.random.one_of(&READS), self.random.one_of(&READS));
        self.note(&format!("{} | {}", first.1, second.1));
        let connection = self.connection;
        let statements = (connection.prepare(first.1), connection.prepare(second.1));
        let (Ok(mut one), Ok(mut two)) = statements else {
            self.results.push("cannot be prepared".to_owned());
            return;
        };
        let mut one = Cursor::new(first.0, one.query([]).unwrap());
        let mut two = Cursor::new(second.0, two.query([]).unwrap());
        for _ in 0..self.random.below(12) {
            let cursor = if self.random.coin() {
                &mut one
            } else {
                &mut two
            };
            cursor.advance(self);
        }
        if self.random.coin() {
            one.end(self);
            two.end(self);
        } else {
            two.end(self);
            one.end(self);
        }
    }

    fn change_schema(&mut self) {
        self.tables_made += 1;
        let file = self.random.one_of(&["main.db", "far.db"]);
        self.note(&format!("another connection makes a table in {file}"));
        let sql = format!("CREATE TABLE x{} (y)", self.tables_made);
        let result = self.other(file).execute_batch(&sql);
        self.saw(result);
    }

    fn explain(&mut self) {
        let sql = "EXPLAIN QUERY PLAN SELECT * FROM notes";
        self.note(sql);
        if let Ok(mut statement) = self.connection.prepare(sql) {
            let steps = statement.query_map([], |_| Ok(())).unwrap().count();
            self.did("EXPLAIN", 0, Some(false));
            self.saw(Ok(steps));
        }
    }

    /// The mapper panics, or wants another type.
    fn map_a_row(&mut self) {
        let panics = self.random.coin();
        let wrapper = self.wrapper();
        let sql = "SELECT body FROM notes WHERE id = 1";
        self.note(sql);
        let map = |row: &Row<'_>| -> rusqlite::Result<i64> {
            if panics {
                resume_unwind(Box::new("on purpose"));
            }
            row.get(0)
        };
        let result = catch_unwind(AssertUnwindSafe(|| match wrapper {
            Some(monitored) => monitored.query_row(sql, [], map),
            None => self.connection.query_row(sql, [], map),
        }));
        let Ok(result) = result else {
            self.did("SELECT notes", 1, wrapper.map(|_| true));
            self.results.push("panicked".to_owned());
            return;
        };
        let was_refused = matches!(result, Err(Error::SqlInputError { .. }));
        if wrapper.is_some() || !was_refused {
            let rows = matches!(result, Err(Error::InvalidColumnType(..)));
            let found_none = matches!(result, Err(Error::QueryReturnedNoRows));
            self.did("SELECT notes", rows.into(), wrapper.map(|_| !found_none));
        }
        self.saw(result);
    }

    fn write_many(&mut self) {
        let sql = "INSERT OR IGNORE INTO tags VALUES (?1, 'many')";
        self.note(sql);
        let result = match self.monitored {
            Some(monitored) => monitored.execute_many(sql, [[1], [2], [3]]),
            None => self.connection.prepare(sql).and_then(|mut statement| {
                let each = [1, 2, 3].map(|note| statement.execute([note]));
                each.into_iter().sum()
            }),
        };
        self.did("INSERT tags", 0, Some(result.is_err()));
        self.saw(result);
    }

    fn run_script(&mut self) {
        let sql = "SELECT 1; DELETE FROM tags WHERE note = 3; ; INSERT INTO t VALUES (2);";
        let wrapper = self.wrapper();
        self.note(sql);
        let result = match wrapper {
            Some(monitored) => monitored.execute_batch(sql),
            None => self.connection.execute_batch(sql),
        };
        self.did("SELECT", 1, Some(false));
        self.did("DELETE tags", 0, failure(&result));
        if result.is_ok() {
            self.did("INSERT t", 0, Some(false));
        }
        self.saw(result);
    }

    fn delete_returning(&mut self) {
        let sql = "DELETE FROM notes WHERE id = 8 OR id > 12 RETURNING id";
        self.note(sql);
        let Ok(mut statement) = self.connection.prepare_cached(sql) else {
            return;
        };
        let mut rows = statement.query([]).unwrap();
        let mut count = 0;
        let end = loop {
            match rows.next() {
                Ok(Some(_)) => count += 1,
                Ok(None) => break Ok(count),
                Err(error) => break Err(error),
            }
        };
        self.did("DELETE notes", count, failure(&end));
        self.saw(end);
    }

    fn prepare_nonsense(&mut self) {
        let sql = "SELECT missing FROM notes";
        self.note(sql);
        self.saw(self.connection.prepare(sql).map(drop));
    }

    fn write_while_locked(&mut self) {
        let sql = "DELETE FROM tags WHERE note = 4";
        self.note(&format!("another connection may have the lock: {sql}"));
        let other = self.other("main.db");
        // It is refused where this connection has the lock.
        let _ = other.execute_batch("BEGIN IMMEDIATE");
        let result = self.connection.execute(sql, []);
        self.wrote("DELETE tags", result, false);
    }

    /// The wrapper, half of the times, if there is one.
    fn wrapper(&mut self) -> Option<&'a MonitoredConnection> {
        let is_wanted = self.random.coin();
        self.monitored.filter(|_| is_wanted)
    }

    /// A connection of somebody else.
    fn other(&self, file: &str) -> Connection {
        let connection = Connection::open(self.dir.join(file)).unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        connection
    }

    fn note(&mut self, text: &str) {
        self.text.push("    ".repeat(self.depth) + text);
    }

    fn did(&mut self, name: &'static str, rows: u64, failed: Option<bool>) {
        self.done.push(Done {
            name: Some(name),
            rows,
            failed,
        });
    }

    fn saw<T: std::fmt::Debug>(&mut self, result: rusqlite::Result<T>) {
        let result = result.map_err(|error| error.to_string());
        self.results.push(format!("{result:?}"));
    }
}

/// Whether a statement failed, as far as the hook knows: it sees no errors.
fn failure<T>(result: &rusqlite::Result<T>) -> Option<bool> {
    result.is_ok().then_some(false)
}

/// One of two that are read in turns.
struct Cursor<'a> {
    name: &'static str,
    rows: Rows<'a>,
    count: u64,
    has_begun: bool,
    has_ended: bool,
}

impl<'a> Cursor<'a> {
    fn new(name: &'static str, rows: Rows<'a>) -> Self {
        Self {
            name,
            rows,
            count: 0,
            has_begun: false,
            has_ended: false,
        }
    }

    fn advance(&mut self, program: &mut Program<'_>) {
        if self.has_ended {
            return;
        }
        self.has_begun = true;
        let next = self.rows.next().map(|row| row.is_some());
        if let Ok(true) = next {
            self.count += 1;
            return;
        }
        self.has_ended = true;
        program.did(self.name, self.count, failure(&next));
        program.saw(next);
    }

    fn end(self, program: &mut Program<'_>) {
        drop(self.rows);
        if self.has_begun && !self.has_ended {
            program.did(self.name, self.count, Some(false));
        }
        program.saw(Ok(self.count));
    }
}
