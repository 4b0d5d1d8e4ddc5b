//! From a title to the last part of a note's address.

use std::collections::HashSet;

const LONGEST: usize = 72;

/// Makes a slug of ASCII letters, digits and single dashes.
///
/// Keeping to ASCII means that no address in a page, a header or a feed ever needs escaping. A title without
/// any such character becomes `note`.
pub(crate) fn slugify(title: &str) -> String {
    let mut slug = String::new();
    let words = title
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '\'' && c != '’')
        .map(|word| word.replace(['\'', '’'], "").to_ascii_lowercase())
        .filter(|word| !word.is_empty());
    for word in words {
        if slug.is_empty() {
            slug.push_str(&word[..word.len().min(LONGEST)]);
        } else if slug.len() + 1 + word.len() <= LONGEST {
            slug.push('-');
            slug.push_str(&word);
        } else {
            break;
        }
    }
    if slug.is_empty() {
        slug.push_str("note");
    }
    slug
}

/// The slug itself if it is free, and otherwise the first free one of `slug-2`, `slug-3`, ...
pub(crate) fn first_free(slug: String, taken: &HashSet<String>) -> String {
    if !taken.contains(&slug) {
        return slug;
    }
    // One more candidate than there are taken slugs: at least one is free.
    (2..=taken.len() + 2)
        .map(|number| format!("{slug}-{number}"))
        .find(|candidate| !taken.contains(candidate))
        .unwrap_or(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(slugs: &[&str]) -> HashSet<String> {
        slugs.iter().map(|slug| (*slug).to_owned()).collect()
    }

    #[test]
    fn slug_keeps_letters_and_digits_and_joins_them_with_dashes() {
        assert_eq!(slugify("Hello, World! 2nd   try"), "hello-world-2nd-try");
    }

    #[test]
    fn apostrophe_does_not_split_a_word() {
        assert_eq!(slugify("It's a writer’s desk"), "its-a-writers-desk");
    }

    #[test]
    fn title_without_ascii_becomes_note() {
        assert_eq!(slugify("日本語"), "note");
        assert_eq!(slugify("  --- "), "note");
    }

    #[test]
    fn long_title_is_cut_between_words() {
        let slug = slugify(&"seven77 ".repeat(30));
        assert!(slug.len() <= LONGEST);
        assert!(slug.ends_with("seven77"), "{slug}");
    }

    #[test]
    fn one_endless_word_is_cut() {
        assert_eq!(slugify(&"a".repeat(500)).len(), LONGEST);
    }

    #[test]
    fn taken_slug_gets_the_first_free_number() {
        assert_eq!(first_free("a".into(), &taken(&[])), "a");
        assert_eq!(first_free("a".into(), &taken(&["a"])), "a-2");
        assert_eq!(
            first_free("a".into(), &taken(&["a", "a-2", "a-4", "a-bc"])),
            "a-3"
        );
    }

    #[test]
    fn free_slug_stays_though_numbered_ones_are_taken() {
        assert_eq!(first_free("a".into(), &taken(&["a-2"])), "a");
    }
}
