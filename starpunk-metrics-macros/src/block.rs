//! An annotation of a whole block: every function inside gets it as its own.
//!
//! The block stays a heap of tokens, but for the places where a function begins: half-typed code passes through.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};

use crate::tokens::{contains_word, qualifies_a_function};

/// The attributes of this library.
const OURS: [&str; 2] = ["track_business", "monitored_query"];

/// Whether `item` is an `impl` block, a trait or an inline module.
pub(crate) fn is_block(item: &TokenStream) -> bool {
    Item::first(&item.clone().into_iter().collect::<Vec<_>>()).is_block()
}

/// Puts `annotation` on every function inside that has a body, is not `const`, and has no attribute of ours.
///
/// Others of ours on the same block go to the functions with it.
pub(crate) fn annotate(
    item: TokenStream,
    annotation: TokenStream,
    library: &TokenStream,
) -> TokenStream {
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    let block = Item::first(&tokens);
    let mut annotation = annotation;
    let mut head = TokenStream::new();
    for attribute in &block.attributes {
        match name_and_arguments(attribute) {
            Some((name, arguments)) => {
                let name = format_ident!("{name}");
                annotation.extend(quote!(#[#library::#name #arguments]));
            }
            None => head.extend(quote!(#[#attribute])),
        }
    }
    head.extend(
        tokens[block.attributes.len() * 2..block.body_at]
            .iter()
            .cloned(),
    );
    head.extend(
        tokens
            .get(block.body_at)
            .map(|body| inside(body, &annotation)),
    );
    head
}

/// The group of a block, with the annotation on its functions.
fn inside(body: &TokenTree, annotation: &TokenStream) -> TokenTree {
    let TokenTree::Group(body) = body else {
        return body.clone();
    };
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut rest = &*tokens;
    let mut annotated = TokenStream::new();
    while !rest.is_empty() {
        let item = Item::first(rest);
        let is_ours = item.attributes.iter().any(|attribute| {
            OURS.iter()
                .any(|name| contains_word(attribute.clone(), name))
        });
        let body = rest.get(item.body_at);
        if item.is_measurable() && !is_ours && body.is_some_and(is_braces) {
            annotated.extend(annotation.clone());
        }
        annotated.extend(rest[..item.body_at].iter().cloned());
        annotated.extend(body.map(|body| {
            if item.is_block() && !is_ours {
                inside(body, annotation)
            } else {
                body.clone()
            }
        }));
        rest = rest.get(item.body_at + 1..).unwrap_or_default();
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
    /// The index of its last token: the braces with its body, or a semicolon.
    body_at: usize,
}

impl Item {
    fn first(tokens: &[TokenTree]) -> Self {
        let mut item = Self {
            attributes: Vec::new(),
            words: Vec::new(),
            body_at: 0,
        };
        let mut at = 0;
        // `#[..]`, and `#![..]` which is an item of its own.
        while let [hash, group, ..] = &tokens[at..]
            && is_punct(hash, '#')
        {
            if is_punct(group, '!') {
                item.body_at = (at + 2).min(tokens.len() - 1);
                return item;
            }
            item.attributes.extend(bracketed(group));
            at += 2;
        }
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
                    group.delimiter() == Delimiter::Parenthesis && is_public
                        || group.delimiter() == Delimiter::None
                            && (group.stream().is_empty() || contains_word(group.stream(), "pub"))
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

/// Takes one of our attributes apart: its name, and its arguments in their parentheses.
fn name_and_arguments(attribute: &TokenStream) -> Option<(&'static str, TokenStream)> {
    let meta: syn::Meta = syn::parse2(attribute.clone()).ok()?;
    let last = meta.path().segments.last()?;
    let name = OURS.into_iter().find(|name| last.ident == name)?;
    let arguments = match &meta {
        syn::Meta::List(list) => {
            let arguments = &list.tokens;
            quote!((#arguments))
        }
        _ => TokenStream::new(),
    };
    Some((name, arguments.into_token_stream()))
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
