//! What is read off tokens that are not parsed.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// Whether `word` stands anywhere in `tokens`, as a word.
pub(crate) fn contains_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => contains_word(group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        _ => false,
    })
}

/// Whether a variable of this name may be used in `tokens`: as a word, or inside a text that is a format.
pub(crate) fn may_mention(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => may_mention(group.stream(), name),
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            text.contains('{') && text.contains(name.trim_start_matches("r#"))
        }
        TokenTree::Punct(_) => false,
    })
}

/// Whether `fn` may follow: `async`, `unsafe`, `extern "C"` and the like.
pub(crate) fn qualifies_a_function(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(word) => {
            ["const", "async", "unsafe", "extern", "safe"].contains(&&*word.to_string())
        }
        TokenTree::Literal(_) => true,
        _ => false,
    }
}

/// The first word of this name, also where a format has it.
pub(crate) fn find_word(tokens: TokenStream, word: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => find_word(group.stream(), word),
        TokenTree::Ident(ident) if ident == word => Some(ident),
        // A format captures it: `"{ret}"`.
        TokenTree::Literal(literal) if captures(&literal.to_string(), word) => {
            Some(Ident::new(word, literal.span()))
        }
        _ => None,
    })
}

/// Whether a format has `{word}` or `{word:..}`, and not as the text `{{word}}`.
fn captures(format: &str, word: &str) -> bool {
    format
        .match_indices(&format!("{{{word}"))
        .any(|(at, found)| {
            !format[..at].ends_with('{') && format[at + found.len()..].starts_with(['}', ':'])
        })
}

/// Takes a body apart that is `Box::pin(async ..)` and nothing else: the path and the `async` block.
pub(crate) fn boxed_async_block(body: TokenStream) -> Option<(TokenStream, TokenStream)> {
    let mut tokens: Vec<TokenTree> = body.into_iter().collect();
    let Some(TokenTree::Group(argument)) = tokens.pop() else {
        return None;
    };
    if argument.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let words: Vec<String> = tokens.iter().map(ToString::to_string).collect();
    let is_a_path = tokens.iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    });
    if !is_a_path || !words.concat().ends_with("Box::pin") {
        return None;
    }
    let inside: Vec<TokenTree> = argument.stream().into_iter().collect();
    let is_word =
        |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident == word);
    let is_async_block = match &*inside {
        [first, TokenTree::Group(block)] => {
            is_word(first, "async") && block.delimiter() == Delimiter::Brace
        }
        [first, second, TokenTree::Group(block)] => {
            is_word(first, "async")
                && is_word(second, "move")
                && block.delimiter() == Delimiter::Brace
        }
        _ => false,
    };
    is_async_block.then(|| (tokens.into_iter().collect(), argument.stream()))
}
