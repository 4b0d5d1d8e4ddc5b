//! From an attribute to what it turns its item into, and what is said where that cannot be.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Result;

use crate::errors::Errors;
use crate::function::Function;
use crate::tokens::contains_word;
use crate::{args, block, expand};

/// Which attribute was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Business,
    Query,
}

/// Turns an annotated item into a measured one. What was annotated stays defined also where that cannot be, so that who uses
/// it raises no second error.
pub(crate) fn annotate(kind: Kind, args: TokenStream, item: TokenStream) -> TokenStream {
    // One that the user wrote wins over those of the blocks around it.
    let item = if contains_word(args.clone(), block::FROM_BLOCK) {
        item
    } else {
        block::without_marks(item)
    };
    let expanded = if block::is_block(&item) {
        annotate_block(kind, args, &item)
    } else {
        annotate_function(kind, args, &item)
    };
    expanded.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

fn annotate_function(kind: Kind, args: TokenStream, item: &TokenStream) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let args = errors.collect(args::parse(kind, args));
    let is_skipped = args.as_ref().is_some_and(|args| args.skip);
    let function = if is_skipped {
        None
    } else {
        errors.collect(syn::parse2::<Function>(item.clone()))
    };
    if let (Some(args), Some(function)) = (&args, &function) {
        errors.collect(args.check_for_function(function));
    }
    errors.finish()?;
    Ok(match (args, function) {
        (Some(args), Some(function)) if !cfg!(feature = "off") => {
            expand::expand(kind, &args, &function)
        }
        _ => item.clone(),
    })
}

/// The functions inside check themselves; what is wrong with the arguments is told once.
fn annotate_block(kind: Kind, tokens: TokenStream, item: &TokenStream) -> Result<TokenStream> {
    let args = args::parse(kind, tokens.clone())?;
    args.check_for_block()?;
    if args.skip || cfg!(feature = "off") {
        return Ok(item.clone());
    }
    let library = expand::library(args.library.as_ref());
    let name = match kind {
        Kind::Business => quote!(track_business),
        Kind::Query => quote!(monitored_query),
    };
    let mark = format_ident!("{}", block::FROM_BLOCK);
    let marked = if args.is_from_block {
        tokens
    } else {
        quote!(#mark, #tokens)
    };
    let annotation = quote!(#[#library::#name(#marked)]);
    Ok(block::annotate(item.clone(), &annotation))
}
