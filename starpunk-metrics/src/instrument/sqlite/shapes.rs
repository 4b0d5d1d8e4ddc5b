//! What a connection knows of the texts that it has run: found by the address of SQLite's own copy and one comparison.
//!
//! An address alone would not do: SQLite frees a statement, and puts another where it was.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::trace::StmtRef;

use crate::instrument::sqlite::running::Counters;
use crate::instrument::sqlite::text::fingerprint::DoubleQuotes;
use crate::instrument::sqlite::text::sql;
use crate::model::callsite::Callsite;
use crate::model::clock::{self, TickSpan};
use crate::model::names::{Effect, KnownShape, Shape};
use crate::record::current::Current;
use crate::record::recorder::Recorder;

/// The bounds of what one connection keeps. An application that writes values into its SQL fills it again and again.
const MAX_TEXTS: usize = 256;
const MAX_BYTES: usize = 64 * 1024;

/// How many addresses are remembered: a power of two.
const SLOTS: usize = 64;

/// The texts of one connection.
pub(crate) struct ShapeCache {
    quotes: DoubleQuotes,
    /// By their address; where two meet, the later one stays.
    slots: Box<[Option<Slot>; SLOTS]>,
    texts: HashMap<Arc<str>, Arc<Shared>>,
    /// Of `texts` together.
    bytes: usize,
}

/// A text that lies, or lay, at an address.
pub(crate) struct Slot {
    key: usize,
    pub(crate) text: Arc<str>,
    pub(crate) known: Known,
    /// Where that is kept, if it is not too long.
    shared: Option<Arc<Shared>>,
    /// As it was read, until the first pipeline asks for it.
    shape: Option<Shape>,
    /// How often the statement had run, and what SQLite had counted of it, when it ended last.
    pub(crate) run: i32,
    pub(crate) counters: Counters,
}

/// Where the cache has what lies at an address.
#[derive(Clone, Copy)]
pub(crate) struct Place(u8);

/// What is known of a text wherever it lies: one that is prepared each time lies elsewhere each time.
struct Shared(Mutex<Known>);

/// How many rows the runs of a text returned at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// There were no runs.
    Unknown,
    One,
    Many,
}

/// What is known of a text.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) is_explain: bool,
    /// Whether it has had rows, and all rows that were told meanwhile were its own.
    pub(crate) has_own_rows: bool,
    /// Whether it returns one row at most, as far as it has run.
    pub(crate) rows: Rows,
    pub(crate) effect: Effect,
    /// Whether it does nothing without a transaction, so that it may be refused one.
    pub(crate) needs_transaction: bool,
    /// Whether it may do nothing at all, as `CREATE TABLE IF NOT EXISTS` does.
    pub(crate) may_do_nothing: bool,
    /// Whether it may roll back the transaction that it is in.
    pub(crate) may_roll_back: bool,
    /// Whether the connection has another database from now on: a write may be to that.
    pub(crate) uses_other_databases: bool,
    /// Whether a virtual table reads what it keeps, to be opened: while a statement is prepared SQLite does not tell that as
    /// an inner one.
    pub(crate) is_inner: bool,
    /// Whether the text leaves it to an annotation to name the table.
    wants_table: bool,
    /// As the pipeline knows it that asked last.
    numbered: Option<Numbered>,
    /// The annotation that named the table last, and the shape with that table.
    named: Option<(&'static Callsite, Numbered)>,
}

/// A shape as one pipeline knows it.
#[derive(Clone, Copy)]
pub(crate) struct Numbered {
    pipeline: u64,
    pub(crate) shape: u16,
    /// From when on a statement of it is slow.
    pub(crate) slow: TickSpan,
}

impl ShapeCache {
    pub(crate) fn new(quotes: DoubleQuotes) -> Self {
        Self {
            quotes,
            slots: Box::new([const { None }; SLOTS]),
            texts: HashMap::new(),
            bytes: 0,
        }
    }

    /// What is known of the text at this address.
    #[inline]
    pub(crate) fn find(&mut self, key: usize, text: &str) -> &mut Slot {
        let at = Place::of(key).index();
        let is_here = self.slots[at]
            .as_ref()
            .is_some_and(|slot| slot.key == key && *slot.text == *text);
        if !is_here {
            self.fill(at, key, text);
        }
        self.slots[at].as_mut().expect("it was found, or filled")
    }

    /// What is known of the text that was found at this address, if it is there still.
    #[inline]
    pub(crate) fn get(&mut self, place: Place, key: usize) -> Option<&mut Slot> {
        let slot = self.slots[place.index()].as_mut();
        slot.filter(|slot| slot.key == key)
    }

    /// What is known of the text that was found at this address, or of the text itself if another has taken its place.
    #[inline]
    pub(crate) fn at<'a>(&mut self, key: usize, text: impl FnOnce() -> Cow<'a, str>) -> &mut Slot {
        let at = Place::of(key).index();
        if self.slots[at].as_ref().is_none_or(|slot| slot.key != key) {
            self.fill(at, key, &text());
        }
        self.slots[at].as_mut().expect("it was found, or filled")
    }

    #[cold]
    fn fill(&mut self, at: usize, key: usize, text: &str) {
        let (text, shared, known, shape) = match self.texts.get_key_value(text) {
            Some((text, shared)) => {
                let known = *shared.lock();
                (Arc::clone(text), Some(Arc::clone(shared)), known, None)
            }
            None => self.learn(text),
        };
        self.slots[at] = Some(Slot {
            key,
            text,
            known,
            shared,
            shape,
            run: 0,
            counters: Counters::default(),
        });
    }

    fn learn(&mut self, text: &str) -> (Arc<str>, Option<Arc<Shared>>, Known, Option<Shape>) {
        let shape = sql::shape(text, self.quotes);
        let known = Known {
            is_explain: shape.query_type == "EXPLAIN",
            has_own_rows: false,
            rows: Rows::Unknown,
            effect: shape.effect,
            needs_transaction: shape.has_rows()
                || shape.query_type == "PRAGMA"
                || shape.effect == Effect::BeginWrite,
            may_do_nothing: has(&shape, " IF "),
            may_roll_back: has(&shape, " OR ROLLBACK "),
            uses_other_databases: shape.query_type == "ATTACH"
                || has(&shape, "CREATE TEMP")
                || has(&shape, " temp."),
            is_inner: reads_shadow_table(text),
            wants_table: !shape.has_table() && shape.has_rows(),
            numbered: None,
            named: None,
        };
        let text: Arc<str> = text.into();
        if text.len() > MAX_BYTES {
            return (text, None, known, Some(shape));
        }
        if self.texts.len() >= MAX_TEXTS || self.bytes + text.len() > MAX_BYTES {
            self.texts.clear();
            self.slots.fill_with(|| None);
            self.bytes = 0;
        }
        self.bytes += text.len();
        let shared = Arc::new(Shared(Mutex::new(known)));
        self.texts.insert(Arc::clone(&text), Arc::clone(&shared));
        (text, Some(shared), known, Some(shape))
    }
}

impl Place {
    /// Allocations lie at multiples of 16, and those of one size side by side.
    #[inline]
    pub(crate) fn of(key: usize) -> Self {
        let address = key >> 4;
        Self(((address ^ (address >> 6) ^ (address >> 12)) % SLOTS) as u8)
    }

    #[inline]
    fn index(self) -> usize {
        usize::from(self.0) % SLOTS
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Known> {
        // It is changed by one store. Nobody waits for it: a connection is used by one thread at a time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether it changes the schema.
    #[inline]
    pub(crate) fn is_of_schema(&self) -> bool {
        self.effect == Effect::Write && !self.needs_transaction
    }
}

impl Slot {
    /// A statement of this text begins that has run so many times: what SQLite has counted of it is what it had counted when
    /// the last one ended, if that is the same.
    #[inline]
    pub(crate) fn begin(&mut self, statement: &StmtRef<'_>, run: i32) {
        if run != self.run {
            self.counters = match run {
                0 => Counters::default(),
                _ => Counters::unknown_of(statement),
            };
            self.run = run;
        }
    }

    /// The shape of the text, for the annotated query that runs it, and from when on a statement of it is slow.
    #[inline(always)]
    pub(crate) fn number(
        &mut self,
        current: &Current<'_>,
        quotes: DoubleQuotes,
    ) -> (u16, TickSpan) {
        self.known_number(current).unwrap_or_else(|| {
            // A copy, so that the fields of the one that is looked at may stay in registers.
            let numbered = self.learn_number(&{ *current }, quotes);
            (numbered.shape, numbered.slow)
        })
    }

    /// The same, where nothing has to be found out for it.
    #[inline(always)]
    pub(crate) fn known_number(&self, current: &Current<'_>) -> Option<(u16, TickSpan)> {
        let numbered = if self.known.wants_table {
            self.number_with_table(current)
        } else {
            self.known.numbered
        };
        match numbered {
            Some(numbered) if numbered.pipeline == current.recorder.id => {
                Some((numbered.shape, numbered.slow))
            }
            _ => None,
        }
    }

    /// The number where the annotation around it may name the table, as joins leave that to it.
    #[inline(never)]
    fn number_with_table(&self, current: &Current<'_>) -> Option<Numbered> {
        let query = current.query();
        match query.filter(|query| query.table_name().is_some()) {
            None => self.known.numbered,
            Some(query) => match self.known.named {
                Some((by, numbered)) if std::ptr::eq(by, query) => Some(numbered),
                _ => None,
            },
        }
    }

    #[inline(never)]
    fn learn_number(&mut self, current: &Current<'_>, quotes: DoubleQuotes) -> Numbered {
        let Self {
            text, known, shape, ..
        } = self;
        let mut read = || shape.take().unwrap_or_else(|| sql::shape(text, quotes));
        let pipeline = current.recorder.id;
        let query = current.query();
        let numbered = match query.filter(|query| known.wants_table && query.table_name().is_some())
        {
            Some(query) => match known.named {
                Some((by, known)) if std::ptr::eq(by, query) && known.pipeline == pipeline => {
                    return known;
                }
                _ => {
                    let numbered = intern(current.recorder, named(read(), Some(query)));
                    known.named = Some((query, numbered));
                    numbered
                }
            },
            None => match known.numbered {
                Some(numbered) if numbered.pipeline == pipeline => return numbered,
                _ => *known.numbered.insert(intern(current.recorder, read())),
            },
        };
        self.share();
        numbered
    }

    /// Leaves what is known of the text to those that will lie elsewhere; but not what its runs told, which is of this one.
    #[cold]
    fn share(&self) {
        if let Some(shared) = &self.shared {
            *shared.lock() = Known {
                has_own_rows: false,
                rows: Rows::Unknown,
                ..self.known
            };
        }
    }
}

/// Where the text does not tell the table, the annotation may.
pub(crate) fn named(shape: Shape, query: Option<&Callsite>) -> Shape {
    match query.and_then(Callsite::table_name) {
        Some(table) if !shape.has_table() && shape.has_rows() => sql::named(&shape, table),
        _ => shape,
    }
}

/// SQLite's names are the same in any case, so their series is too; it shows the spelling that was seen first.
pub(crate) fn intern(recorder: &Recorder, shape: Shape) -> Numbered {
    let key = format!("{}\n{}", shape.fingerprint, shape.table).to_ascii_lowercase();
    let slow = TickSpan::of(clock::ticks_in(recorder.policy.slow_statement(&shape)));
    let number = recorder
        .names
        .shapes
        .intern(&key, || KnownShape::new(shape));
    Numbered {
        pipeline: recorder.id,
        // The table is far smaller; what did not fit would be counted with what overflows it.
        shape: u16::try_from(number).unwrap_or_default(),
        slow,
    }
}

/// Whether there are such words in it.
fn has(shape: &Shape, words: &str) -> bool {
    shape.fingerprint.contains(words)
}

/// What FTS3 to FTS5 and R-trees call the tables that they keep themselves in.
const SHADOW_TABLES: [&str; 10] = [
    "_config",
    "_content",
    "_data",
    "_docsize",
    "_idx",
    "_node",
    "_segdir",
    "_segments",
    "_stat",
    "_rowid",
];

/// They write schema and table as strings, `FROM 'main'.'search_config'`, as nobody else does.
fn reads_shadow_table(text: &str) -> bool {
    let is_of_rtree =
        text.starts_with("SELECT stat FROM '") && text.contains("'.sqlite_stat1 WHERE tbl = '");
    let is_of_fts = text.starts_with("PRAGMA '") && text.ends_with("'.page_size");
    if is_of_rtree || is_of_fts {
        return true;
    }
    let Some((_, from)) = text.split_once(" FROM '") else {
        return false;
    };
    let Some((_, table)) = from.split_once("'.'") else {
        return false;
    };
    let name = table.split('\'').next().unwrap_or_default();
    text.starts_with("SELECT") && SHADOW_TABLES.iter().any(|kept| name.ends_with(kept))
}
