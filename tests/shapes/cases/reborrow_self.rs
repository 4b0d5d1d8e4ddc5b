//! `&mut self`, returned for the next call

use super::measured;

#[derive(Debug, Default)]
struct Query {
    words: Vec<&'static str>,
}

impl Query {
    #[measured]
    fn word(&mut self, word: &'static str) -> &mut Self {
        if word.is_empty() {
            return self;
        }
        self.words.push(word);
        self
    }

    #[measured]
    fn words(&mut self) -> impl Iterator<Item = &mut &'static str> {
        self.words.iter_mut()
    }
}

pub(crate) const RECORDS: &[&str] = &["Query::word ok", "Query::word ok", "Query::words ok"];

pub(crate) fn run() -> String {
    let mut query = Query::default();
    query.word("").word("select");
    for word in query.words() {
        *word = "insert";
    }
    format!("{query:?}")
}
