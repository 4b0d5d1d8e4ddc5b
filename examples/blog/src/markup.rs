//! The text of a note as blocks. The templates print the blocks, and escape while they print.
//!
//! The notation is small: an empty line ends a paragraph; `## ` begins a heading, `- ` an item, `> ` a quotation;
//! four spaces begin code; and words between backticks are code in a line.

/// One block of a note.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block<'a> {
    Heading(Vec<Span<'a>>),
    Paragraph(Vec<Span<'a>>),
    Quote(Vec<Span<'a>>),
    /// Never empty.
    List(Vec<Vec<Span<'a>>>),
    Code(String),
}

/// A part of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Span<'a> {
    Text(&'a str),
    Code(&'a str),
}

const INDENT: &str = "    ";
const EXCERPT_CHARS: usize = 240;

/// Reads a text into blocks; every text is valid.
pub(crate) fn parse(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        if let Some(heading) = line.strip_prefix("## ") {
            blocks.push(Block::Heading(spans(heading)));
        } else if let Some(code) = line.strip_prefix(INDENT) {
            blocks.push(Block::Code(code_block(code, &mut lines)));
        } else if let Some(item) = line.strip_prefix("- ") {
            let mut items = vec![spans(item)];
            while let Some(item) = lines.peek().and_then(|line| line.strip_prefix("- ")) {
                items.push(spans(item));
                lines.next();
            }
            blocks.push(Block::List(items));
        } else if let Some(first) = line.strip_prefix("> ") {
            let mut quote = spans(first);
            while let Some(next) = lines.peek().and_then(|line| line.strip_prefix("> ")) {
                quote.push(Span::Text("\n"));
                quote.extend(spans(next));
                lines.next();
            }
            blocks.push(Block::Quote(quote));
        } else {
            let mut paragraph = spans(line);
            while let Some(next) = lines.next_if(|line| continues_paragraph(line)) {
                paragraph.push(Span::Text("\n"));
                paragraph.extend(spans(next));
            }
            blocks.push(Block::Paragraph(paragraph));
        }
    }
    blocks
}

/// The beginning of the first paragraph, for lists of notes.
pub(crate) fn excerpt(text: &str) -> String {
    let first = parse(text).into_iter().find_map(|block| match block {
        Block::Paragraph(spans) | Block::Quote(spans) => Some(plain(&spans)),
        Block::Heading(_) | Block::List(_) | Block::Code(_) => None,
    });
    shorten(first.as_deref().unwrap_or(text))
}

fn code_block<'a>(
    first: &'a str,
    lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
) -> String {
    let mut code = first.to_owned();
    while let Some(next) = lines.peek().and_then(|line| line.strip_prefix(INDENT)) {
        code.push('\n');
        code.push_str(next);
        lines.next();
    }
    code
}

fn continues_paragraph(line: &str) -> bool {
    let begins_other_block = ["## ", "- ", "> "]
        .iter()
        .any(|prefix| line.starts_with(prefix));
    !line.trim().is_empty() && !begins_other_block
}

fn spans(line: &str) -> Vec<Span<'_>> {
    let parts: Vec<&str> = line.split('`').collect();
    // An even number of parts means a backtick without a partner, which is then a backtick and nothing more.
    if parts.len().is_multiple_of(2) {
        return vec![Span::Text(line)];
    }
    parts
        .into_iter()
        .enumerate()
        .filter(|(_, part)| !part.is_empty())
        .map(|(index, part)| {
            if index % 2 == 0 {
                Span::Text(part)
            } else {
                Span::Code(part)
            }
        })
        .collect()
}

fn plain(spans: &[Span<'_>]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) | Span::Code(text) => *text,
        })
        .collect()
}

fn shorten(text: &str) -> String {
    let mut short = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        count += word.chars().count() + 1;
        if count > EXCERPT_CHARS {
            if short.is_empty() {
                short.extend(word.chars().take(EXCERPT_CHARS));
            }
            short.push('…');
            return short;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_line_ends_a_paragraph() {
        assert_eq!(
            parse("one\ntwo\n\n\nthree"),
            [
                Block::Paragraph(vec![Span::Text("one"), Span::Text("\n"), Span::Text("two")]),
                Block::Paragraph(vec![Span::Text("three")]),
            ]
        );
    }

    #[test]
    fn every_kind_of_block_is_read() {
        assert_eq!(
            parse("## Head\n- a\n- b\n> said\n    let x;\n      y\nend"),
            [
                Block::Heading(vec![Span::Text("Head")]),
                Block::List(vec![vec![Span::Text("a")], vec![Span::Text("b")]]),
                Block::Quote(vec![Span::Text("said")]),
                Block::Code("let x;\n  y".into()),
                Block::Paragraph(vec![Span::Text("end")]),
            ]
        );
    }

    #[test]
    fn backticks_make_code_only_in_pairs() {
        assert_eq!(
            spans("run `cargo test` now"),
            [
                Span::Text("run "),
                Span::Code("cargo test"),
                Span::Text(" now")
            ]
        );
        assert_eq!(spans("a ` b"), [Span::Text("a ` b")]);
        assert_eq!(spans("`x`"), [Span::Code("x")]);
    }

    #[test]
    fn excerpt_is_the_first_paragraph_in_plain_words() {
        assert_eq!(excerpt("## Head\n\nSay `hi`\nnow.\n\nMore."), "Say hi now.");
    }

    #[test]
    fn excerpt_of_a_long_paragraph_ends_between_words() {
        let excerpt = excerpt(&"länger ".repeat(200));
        assert!(excerpt.chars().count() <= EXCERPT_CHARS + 1);
        assert!(excerpt.ends_with("länger…"), "{excerpt}");
    }

    #[test]
    fn excerpt_of_a_text_without_paragraphs_is_its_beginning() {
        assert_eq!(excerpt("- only\n- a list"), "- only - a list");
    }
}
