//! The annotated function: its parts, and the rules it must keep.
//!
//! The body stays a heap of tokens: nothing in it needs to be understood, and half-typed code passes through.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Ident, Result, ReturnType, Signature, Token, Visibility};

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
            return Err(input.error("this attribute goes on a function; move it to one"));
        }
        let signature: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(Error::new(
                signature.ident.span(),
                "a function without a body cannot be measured; annotate the one that implements it",
            ));
        }
        let body: Group = input.parse()?;
        let (inner_attributes, body) = split_inner_attributes(&body)?;
        let function = Self {
            attributes,
            inner_attributes,
            visibility,
            defaultness,
            signature,
            body,
        };
        function.check()?;
        Ok(function)
    }
}

impl Function {
    /// The rules that a function must keep to be measured.
    fn check(&self) -> Result<()> {
        if let Some(constness) = &self.signature.constness {
            return Err(Error::new_spanned(
                constness,
                "a `const fn` cannot be measured: it may run at compile time; remove `const` or the attribute",
            ));
        }
        Ok(())
    }

    /// The return type where it can be written in the body: `impl Trait` cannot.
    pub(crate) fn nameable_output(&self) -> Option<TokenStream> {
        match &self.signature.output {
            ReturnType::Default => Some(quote!(())),
            ReturnType::Type(_, output) => {
                let tokens = output.to_token_stream();
                (!contains_word(tokens.clone(), "impl")).then_some(tokens)
            }
        }
    }
}

fn looks_like_a_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while let Ok(token) = ahead.parse::<TokenTree>() {
        match &token {
            TokenTree::Ident(word) if word == "fn" => return true,
            TokenTree::Ident(word)
                if ["const", "async", "unsafe", "extern", "safe"].contains(&&*word.to_string()) => {
            }
            TokenTree::Literal(_) => {}
            _ => return false,
        }
    }
    false
}

fn split_inner_attributes(body: &Group) -> Result<(Vec<Attribute>, Group)> {
    if body.delimiter() != Delimiter::Brace {
        return Err(Error::new(
            body.span(),
            "expected the body of a function in braces",
        ));
    }
    let split = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_inner)?;
        Ok((attributes, input.parse::<TokenStream>()?))
    };
    let (attributes, rest) = syn::parse::Parser::parse2(split, body.stream())?;
    let mut without = Group::new(Delimiter::Brace, rest);
    without.set_span(body.span());
    Ok((attributes, without))
}

fn contains_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => contains_word(group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        _ => false,
    })
}
