//! What somebody wrote, once it has passed the rules. Everything behind the handlers takes a [`Draft`], so that
//! the rules are looked at in one place only.

use thiserror::Error;

pub(crate) const MAX_TITLE_CHARS: usize = 200;
pub(crate) const MAX_BODY_CHARS: usize = 20_000;
pub(crate) const MAX_TAGS: usize = 10;
pub(crate) const MAX_TAG_CHARS: usize = 40;

/// A valid title, body and list of tags. The title is one line; lines of the body end with `\n`; tags are lower
/// case, sorted, without doubles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    title: String,
    body: String,
    tags: Vec<String>,
}

/// The rule that a draft broke, in words for its writer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum InvalidDraft {
    #[error("the title is empty: give the note a title")]
    EmptyTitle,
    #[error("the title has {0} characters: at most {MAX_TITLE_CHARS} are allowed")]
    LongTitle(usize),
    #[error("the text is empty: write at least one line")]
    EmptyBody,
    #[error("the text has {0} characters: at most {MAX_BODY_CHARS} are allowed")]
    LongBody(usize),
    #[error("there are {0} tags: at most {MAX_TAGS} are allowed")]
    ManyTags(usize),
    #[error("the tag “{0}” is too long: at most {MAX_TAG_CHARS} characters are allowed")]
    LongTag(String),
    #[error("the tag “{0}” has a character that is not a letter, a digit, a dash or a space")]
    StrangeTag(String),
}

impl Draft {
    /// Tidies the three parts and checks them.
    pub(crate) fn new<'a>(
        title: &str,
        body: &str,
        tags: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidDraft> {
        Ok(Self {
            title: checked_title(title)?,
            body: checked_body(body)?,
            tags: checked_tags(tags)?,
        })
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    pub(crate) fn tags(&self) -> &[String] {
        &self.tags
    }
}

fn checked_title(raw: &str) -> Result<String, InvalidDraft> {
    let title = printable(raw)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    match title.chars().count() {
        0 => Err(InvalidDraft::EmptyTitle),
        count if count > MAX_TITLE_CHARS => Err(InvalidDraft::LongTitle(count)),
        _ => Ok(title),
    }
}

fn checked_body(raw: &str) -> Result<String, InvalidDraft> {
    // A browser sends the lines of a text area with `\r\n`.
    let body = printable(&raw.replace("\r\n", "\n").replace('\r', "\n"));
    let body = body.trim_end().trim_start_matches('\n');
    match body.chars().count() {
        0 => Err(InvalidDraft::EmptyBody),
        count if count > MAX_BODY_CHARS => Err(InvalidDraft::LongBody(count)),
        _ => Ok(body.to_owned()),
    }
}

fn checked_tags<'a>(raw: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, InvalidDraft> {
    let mut tags = Vec::new();
    for raw_tag in raw {
        let tag = tag(raw_tag);
        if tag.is_empty() {
            continue;
        }
        if tag.chars().count() > MAX_TAG_CHARS {
            return Err(InvalidDraft::LongTag(tag));
        }
        if tag.chars().any(|c| !c.is_alphanumeric() && c != '-') {
            return Err(InvalidDraft::StrangeTag(tag));
        }
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    if tags.len() > MAX_TAGS {
        return Err(InvalidDraft::ManyTags(tags.len()));
    }
    Ok(tags)
}

/// The form in which a tag is stored and looked up: lower case, words joined with dashes.
pub(crate) fn tag(raw: &str) -> String {
    raw.split_whitespace()
        .collect::<Vec<_>>()
        .join("-")
        .to_lowercase()
}

/// Leaves out the characters that XML 1.0 has no way to write, so that every note fits into the feeds.
fn printable(raw: &str) -> String {
    raw.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .filter(|c| !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(title: &str, body: &str, tags: &[&str]) -> Result<Draft, InvalidDraft> {
        Draft::new(title, body, tags.iter().copied())
    }

    #[test]
    fn title_of_spaces_is_empty() {
        assert_eq!(draft(" \t ", "text", &[]), Err(InvalidDraft::EmptyTitle));
    }

    #[test]
    fn body_of_empty_lines_is_empty() {
        assert_eq!(
            draft("title", "\r\n\r\n ", &[]),
            Err(InvalidDraft::EmptyBody)
        );
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(draft(&"é".repeat(MAX_TITLE_CHARS), "text", &[]).is_ok());
        assert_eq!(
            draft(&"é".repeat(MAX_TITLE_CHARS + 1), "text", &[]),
            Err(InvalidDraft::LongTitle(MAX_TITLE_CHARS + 1))
        );
        assert!(draft("title", &"é".repeat(MAX_BODY_CHARS), &[]).is_ok());
        assert_eq!(
            draft("title", &"é".repeat(MAX_BODY_CHARS + 1), &[]),
            Err(InvalidDraft::LongBody(MAX_BODY_CHARS + 1))
        );
    }

    #[test]
    fn tags_are_lower_case_sorted_and_single() {
        let draft = draft("t", "b", &[" SQLite ", "rust", "", "Rust", "web  pages"]).unwrap();
        assert_eq!(draft.tags(), ["rust", "sqlite", "web-pages"]);
    }

    #[test]
    fn tag_with_a_slash_is_refused() {
        assert_eq!(
            draft("t", "b", &["a/b"]),
            Err(InvalidDraft::StrangeTag("a/b".into()))
        );
    }

    #[test]
    fn eleven_tags_are_refused() {
        let tags: Vec<String> = (0..11).map(|number| format!("tag{number}")).collect();
        assert_eq!(
            Draft::new("t", "b", tags.iter().map(String::as_str)),
            Err(InvalidDraft::ManyTags(11))
        );
    }

    #[test]
    fn long_tag_is_refused() {
        assert!(draft("t", "b", &[&"a".repeat(MAX_TAG_CHARS)]).is_ok());
        assert!(matches!(
            draft("t", "b", &[&"a".repeat(MAX_TAG_CHARS + 1)]),
            Err(InvalidDraft::LongTag(_))
        ));
    }

    #[test]
    fn text_loses_carriage_returns_and_control_characters() {
        let draft = draft("a\u{0}b\nc", "one\r\ntwo\u{B}\u{FFFF}\n\n    code\n", &[]).unwrap();
        assert_eq!(draft.title(), "ab c");
        assert_eq!(draft.body(), "one\ntwo\n\n    code");
    }
}
