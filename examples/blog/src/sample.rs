//! Notes to begin with: some written ones for an empty blog, and any number of generated ones.

mod texts;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::error::BlogError;
use crate::notes::count_notes;
use crate::sample::texts::TEXTS;
use crate::slug::slugify;

/// Puts the written notes into a blog without notes, one for every third day until now.
pub(crate) fn fill_empty(conn: &mut Connection) -> Result<(), BlogError> {
    if count_notes(conn)? > 0 {
        return Ok(());
    }
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut created = Utc::now();
    for text in TEXTS {
        created -= TimeDelta::hours(71);
        insert(
            &transaction,
            &slugify(text.title),
            text.title,
            text.body,
            created,
            text.tags,
        )?;
    }
    transaction.commit()?;
    Ok(())
}

/// Sees to it that the generated notes 1 to `count` exist. A number always makes the same note.
pub(crate) fn seed(conn: &mut Connection, count: u32) -> Result<(), BlogError> {
    if count == 0 {
        return Ok(());
    }
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for number in 1..=count {
        let mut words = Words::new(number);
        let title = words.title(number);
        let body = words.body();
        let tags = words.tags();
        insert(
            &transaction,
            &format!("sample-{number}"),
            &title,
            &body,
            written(number),
            &tags,
        )?;
    }
    transaction.commit()?;
    Ok(())
}

/// Does nothing if the slug is taken.
fn insert(
    transaction: &Transaction<'_>,
    slug: &str,
    title: &str,
    body: &str,
    created: DateTime<Utc>,
    tags: &[&str],
) -> rusqlite::Result<()> {
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO note (slug, title, body, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4) \
             ON CONFLICT (slug) DO NOTHING",
        )?
        .execute(params![slug, title, body, created.timestamp()])?;
    if inserted == 0 {
        return Ok(());
    }
    let id = transaction.last_insert_rowid();
    let mut tagging = transaction
        .prepare_cached("INSERT OR IGNORE INTO note_tag (note_id, tag) VALUES (?1, ?2)")?;
    for tag in tags {
        tagging.execute(params![id, tag])?;
    }
    Ok(())
}

/// Every generated note is older than the written ones, and 37 minutes older than the one before.
fn written(number: u32) -> DateTime<Utc> {
    const NEWEST: i64 = 1_735_689_600; // 1 January 2025
    DateTime::from_timestamp(NEWEST - i64::from(number) * 37 * 60, 0).unwrap_or_default()
}

/// A source of words that says the same for the same number.
struct Words {
    state: u64,
}

impl Words {
    fn new(number: u32) -> Self {
        Self {
            state: u64::from(number),
        }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): four lines, and good enough to mix words.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    fn title(&mut self, number: u32) -> String {
        let verb = self.pick(texts::VERBS);
        let thing = self.pick(texts::THINGS);
        let place = self.pick(texts::PLACES);
        format!("Sample {number}: {verb} {thing} {place}")
    }

    fn body(&mut self) -> String {
        let paragraphs: Vec<String> = (0..3 + self.below(3)).map(|_| self.paragraph()).collect();
        paragraphs.join("\n\n")
    }

    fn paragraph(&mut self) -> String {
        let sentences: Vec<String> = (0..3 + self.below(4)).map(|_| self.sentence()).collect();
        sentences.join(" ")
    }

    fn sentence(&mut self) -> String {
        let opening = self.pick(texts::OPENINGS);
        let thing = self.pick(texts::THINGS);
        let place = self.pick(texts::PLACES);
        let ending = self.pick(texts::ENDINGS);
        format!("{opening} {thing} {place} {ending}.")
    }

    fn tags(&mut self) -> Vec<&'static str> {
        (0..1 + self.below(3))
            .map(|_| self.pick(texts::TAGS))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Draft;
    use crate::notes::{Note, recent_notes};
    use crate::schema;

    fn database() -> Connection {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::migrate(&mut conn).unwrap();
        conn
    }

    fn all(conn: &Connection) -> Vec<Note> {
        recent_notes(conn, 1000, 0).unwrap()
    }

    #[test]
    fn empty_blog_is_filled_once() {
        let mut conn = database();
        fill_empty(&mut conn).unwrap();
        let notes = all(&conn);
        assert_eq!(notes.len(), TEXTS.len());
        fill_empty(&mut conn).unwrap();
        assert_eq!(all(&conn), notes);
    }

    #[test]
    fn seeding_adds_only_what_is_missing_and_always_the_same() {
        let mut grown = database();
        seed(&mut grown, 5).unwrap();
        seed(&mut grown, 30).unwrap();
        let mut at_once = database();
        seed(&mut at_once, 30).unwrap();
        assert_eq!(all(&grown), all(&at_once));
        assert_eq!(all(&grown).len(), 30);
    }

    #[test]
    fn samples_keep_the_rules_for_notes() {
        let mut conn = database();
        fill_empty(&mut conn).unwrap();
        seed(&mut conn, 100).unwrap();
        for note in all(&conn) {
            let draft = Draft::new(
                &note.title,
                &note.body,
                note.tags.iter().map(String::as_str),
            )
            .unwrap();
            assert_eq!(
                (draft.title(), draft.body(), draft.tags()),
                (&*note.title, &*note.body, &*note.tags)
            );
        }
    }
}
