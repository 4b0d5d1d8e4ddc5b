//! An annotation of a whole block: every function inside gets it as its own, and every block inside hands it on.
//!
//! The block stays a heap of tokens, but for the places where an item begins: half-typed code passes through.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::tokens::{contains_word, qualifies_a_function};

/// The argument that marks an annotation that came from a block. One that the user wrote takes it away.
///
/// So it stands behind the user's attributes, which are expanded first, under whatever name they were imported.
pub(crate) const FROM_BLOCK: &str = "__starpunk_from_block";

/// Whether `item` is an `impl` block, a trait or an inline module.
pub(crate) fn is_block(item: &TokenStream) -> bool {
    Item::first(&item.clone().into_iter().collect::<Vec<_>>()).is_block()
}

/// Puts `annotation` on every function inside that has a body and is not `const`, and on every block.
pub(crate) fn annotate(item: TokenStream, annotation: &TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let body_at = Item::first(&tokens).body_at;
    if let Some(body) = tokens.get_mut(body_at) {
        *body = inside(body, annotation);
    }
    tokens.into_iter().collect()
}

/// Takes away what blocks have put on an item that has an attribute of its own.
pub(crate) fn without_marks(item: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    let head = Item::first(&tokens);
    let mut kept = TokenStream::new();
    for attribute in &head.attributes {
        if !contains_word(attribute.clone(), FROM_BLOCK) {
            kept.extend(quote!(#[#attribute]));
        }
    }
    kept.extend(tokens[head.words_at..].iter().cloned());
    kept
}

/// The group of a block, with the annotation on the items in it.
fn inside(body: &TokenTree, annotation: &TokenStream) -> TokenTree {
    let TokenTree::Group(body) = body else {
        return body.clone();
    };
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut rest = &*tokens;
    let mut annotated = TokenStream::new();
    while !rest.is_empty() {
        let item = Item::first(rest);
        let (attributes, words) = rest.split_at(item.words_at);
        annotated.extend(attributes.iter().cloned());
        let (words, next) = words.split_at((item.body_at + 1 - item.words_at).min(words.len()));
        match words {
            // A whole item from another macro.
            [group @ TokenTree::Group(_)] if !is_braces(group) => {
                annotated.extend([inside(group, annotation)]);
            }
            [.., body] if is_braces(body) && (item.is_measurable() || item.is_block()) => {
                annotated.extend(annotation.clone());
                annotated.extend(words.iter().cloned());
            }
            _ => annotated.extend(words.iter().cloned()),
        }
        rest = next;
    }
    let mut group = Group::new(body.delimiter(), annotated);
    group.set_span(body.span());
    group.into()
}

/// One item, as far as its first tokens tell.
struct Item {
    /// What stands between the brackets of each.
    attributes: Vec<TokenStream>,
    /// The words up to the one that says what it is: `pub`, `async`, `fn`.
    words: Vec<String>,
    /// The index of the first token behind the attributes.
    words_at: usize,
    /// The index of its last token: the braces with its body, or a semicolon.
    body_at: usize,
}

impl Item {
    fn first(tokens: &[TokenTree]) -> Self {
        let mut item = Self {
            attributes: Vec::new(),
            words: Vec::new(),
            words_at: 0,
            body_at: 0,
        };
        let mut at = 0;
        // `#[..]`, and `#![..]` which is an item of its own.
        while let [hash, group, ..] = &tokens[at..]
            && is_punct(hash, '#')
        {
            if is_punct(group, '!') {
                item.words_at = at;
                item.body_at = (at + 2).min(tokens.len() - 1);
                return item;
            }
            item.attributes.extend(bracketed(group));
            at += 2;
        }
        item.words_at = at;
        for token in &tokens[at..] {
            let goes_on = match token {
                TokenTree::Ident(word) => {
                    item.words.push(word.to_string());
                    qualifies_a_function(token)
                        || ["pub", "default", "auto"].iter().any(|known| word == known)
                }
                // The rest of `pub(crate)`, or all of it where another macro made it.
                TokenTree::Group(group) => {
                    let is_public = item.words.last().is_some_and(|word| word == "pub");
                    group.delimiter() == Delimiter::Parenthesis && is_public || is_visibility(group)
                }
                TokenTree::Literal(_) => !item.words.is_empty(),
                TokenTree::Punct(_) => false,
            };
            if !goes_on {
                break;
            }
            at += 1;
        }
        item.body_at = end_of_item(tokens, at);
        item
    }

    fn is_measurable(&self) -> bool {
        self.kind() == Some("fn") && !self.words.iter().any(|word| word == "const")
    }

    fn is_block(&self) -> bool {
        matches!(self.kind(), Some("impl" | "mod" | "trait"))
    }

    fn kind(&self) -> Option<&str> {
        self.words.last().map(String::as_str)
    }
}

/// The index of the braces or the semicolon that end the item whose words end at `from`.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    // From another macro an item may come as a whole, in a group of its own.
    if let Some(TokenTree::Group(group)) = tokens.get(from)
        && group.delimiter() == Delimiter::None
    {
        return from;
    }
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, token) in tokens.iter().enumerate().skip(from) {
        let mut this = ' ';
        match token {
            TokenTree::Punct(punct) => {
                this = punct.as_char();
                match this {
                    ';' => return at,
                    '<' => depth += 1,
                    // Of `->` and `=>` it closes nothing.
                    '>' if before != '-' && before != '=' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            // Braces between angle brackets are a constant.
            token if is_braces(token) && depth == 0 => return at,
            _ => {}
        }
        before = this;
    }
    tokens.len().saturating_sub(1)
}

/// Whether a group from another macro is a visibility: none, `pub`, or `pub(..)`.
fn is_visibility(group: &Group) -> bool {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let is_public = |word: &TokenTree| matches!(word, TokenTree::Ident(word) if word == "pub");
    group.delimiter() == Delimiter::None
        && match &*tokens {
            [] => true,
            [word] => is_public(word),
            [word, TokenTree::Group(_)] => is_public(word),
            _ => false,
        }
}

fn bracketed(token: &TokenTree) -> Option<TokenStream> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(group.stream()),
        _ => None,
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}
