//! The annotated function: its parts, and the rules it must keep.
//!
//! The body stays a heap of tokens: nothing in it needs to be understood, and half-typed code passes through.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Ident, Result, Signature, Token, Visibility};

use crate::tokens::{contains_word, qualifies_a_function};

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    /// `#![..]` at the start of the body; they have to stay first.
    pub(crate) inner_attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    /// `default`, of a specialised method.
    pub(crate) defaultness: Option<Ident>,
    pub(crate) signature: Signature,
    /// The body without its inner attributes, in its braces.
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let is_default = input
            .fork()
            .parse::<Ident>()
            .is_ok_and(|word| word == "default");
        let defaultness = is_default.then(|| input.parse()).transpose()?;
        if !looks_like_a_function(input) {
            return Err(input.error(
                "this attribute goes on a function, an `impl` block, a trait or an inline module; move it to one",
            ));
        }
        let signature: Signature = input.parse()?;
        if let Some(constness) = &signature.constness {
            return Err(Error::new_spanned(
                constness,
                "a `const fn` cannot be measured: it may run at compile time; remove `const` or the attribute",
            ));
        }
        if input.peek(Token![;]) {
            return Err(Error::new(
                signature.ident.span(),
                "a function without a body cannot be measured; annotate the one that implements it",
            ));
        }
        let body = braces(&input.parse()?)?;
        let (inner_attributes, body) = split_inner_attributes(&body)?;
        Ok(Self {
            attributes,
            inner_attributes,
            visibility,
            defaultness,
            signature,
            body,
        })
    }
}

impl Function {
    /// Whether it is called with its caller's location.
    pub(crate) fn tracks_its_caller(&self) -> bool {
        self.attributes.iter().any(|attribute| {
            let path = attribute.path();
            path.is_ident("track_caller")
                || path.is_ident("cfg_attr")
                    && contains_word(quote::ToTokens::to_token_stream(attribute), "track_caller")
        })
    }
}

fn looks_like_a_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while let Ok(token) = ahead.parse::<TokenTree>() {
        match &token {
            TokenTree::Ident(word) if word == "fn" => return true,
            token if qualifies_a_function(token) => {}
            _ => return false,
        }
    }
    false
}

/// The body in its braces; from another macro it may come in a group of its own.
fn braces(body: &TokenTree) -> Result<Group> {
    match body {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group.clone()),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            braces(&syn::parse2(group.stream())?)
        }
        other => Err(Error::new(
            other.span(),
            "expected the body of a function in braces",
        )),
    }
}

fn split_inner_attributes(body: &Group) -> Result<(Vec<Attribute>, Group)> {
    let split = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_inner)?;
        Ok((attributes, input.parse::<TokenStream>()?))
    };
    let (attributes, rest) = syn::parse::Parser::parse2(split, body.stream())?;
    let mut without = Group::new(Delimiter::Brace, rest);
    without.set_span(body.span());
    Ok((attributes, without))
}
