//! Which of the known patterns a path is of, without asking routing.

use std::rc::Rc;

/// How many patterns are compared with a path, at most.
const MAX_PATTERNS: usize = 200;

/// The patterns that have answered, of those that are as simple as `/notes/{id}`: each segment is fixed, or anything.
#[derive(Debug, Default)]
pub(crate) struct PathPatterns(Vec<PathPattern>);

#[derive(Debug)]
struct PathPattern {
    text: Rc<str>,
    /// How many bytes come before anything may.
    fixed: usize,
    slashes: usize,
}

impl PathPatterns {
    pub(crate) fn learn(&mut self, pattern: &str) {
        let is_simple = pattern.starts_with('/') && pattern.split('/').all(is_simple);
        let is_known = self.0.iter().any(|known| *known.text == *pattern);
        if is_simple && !is_known && self.0.len() < MAX_PATTERNS {
            self.0.push(PathPattern {
                text: pattern.into(),
                fixed: pattern.find('{').unwrap_or(pattern.len()),
                slashes: slashes(pattern),
            });
        }
    }

    /// The one that is of this path; `None` where there is none, or more than one.
    pub(crate) fn find(&self, path: &str) -> Option<Rc<str>> {
        let slashes = slashes(path);
        let mut found = self.0.iter().filter(|pattern| {
            let PathPattern { text, fixed, .. } = pattern;
            // Most are told apart by this.
            pattern.slashes == slashes
                && path.as_bytes().starts_with(&text.as_bytes()[..*fixed])
                && is_of(path, text)
        });
        let first = found.next()?;
        found.next().is_none().then(|| Rc::clone(&first.text))
    }
}

fn slashes(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'/').count()
}

/// A name in braces without a regular expression, or no brace at all.
fn is_simple(segment: &str) -> bool {
    match segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    {
        Some(name) => !name.contains(['{', '}', ':', '*']),
        None => !segment.contains(['{', '}', '*']),
    }
}

fn is_of(path: &str, pattern: &str) -> bool {
    let mut path = path.split('/');
    let mut pattern = pattern.split('/');
    loop {
        match (path.next(), pattern.next()) {
            (None, None) => return true,
            (Some(segment), Some(fixed)) if segment == fixed => {}
            (Some(segment), Some(any)) if any.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(patterns: &[&str], path: &str) -> Option<Rc<str>> {
        let mut known = PathPatterns::default();
        for pattern in patterns {
            known.learn(pattern);
        }
        known.find(path)
    }

    #[test]
    fn a_path_is_of_the_pattern_whose_segments_it_has() {
        let patterns = ["/", "/notes", "/notes/{id}", "/notes/{id}/edit"];
        for (path, expected) in [
            ("/", Some("/")),
            ("/notes", Some("/notes")),
            ("/notes/7", Some("/notes/{id}")),
            ("/notes/7/edit", Some("/notes/{id}/edit")),
            ("/notes/", None),
            ("/notes/7/8", None),
            ("/tags/7", None),
        ] {
            assert_eq!(find(&patterns, path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn where_two_could_be_meant_none_is_guessed() {
        assert_eq!(find(&["/notes/{id}", "/notes/new"], "/notes/new"), None);
        assert!(find(&["/notes/{id}", "/notes/new"], "/notes/7").is_some());
    }

    #[test]
    fn patterns_with_expressions_are_left_to_routing() {
        for pattern in [
            "/notes/{id:\\d+}",
            "/files/{tail}*",
            "/file-{name}.txt",
            "/{a}{b}",
            "UNMATCHED",
        ] {
            let path = pattern.replace(['{', '}'], "");
            assert_eq!(find(&[pattern], &path), None, "{pattern}");
        }
    }
}
