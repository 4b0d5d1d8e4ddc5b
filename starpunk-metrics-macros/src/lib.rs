//! The attributes of `starpunk-metrics`; use them from there.
//!
//! `args.rs` has their syntax, `function.rs` the rules of what they go on, `expand.rs` what they turn it into.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod args;
mod block;
mod caller;
mod errors;
mod expand;
mod field;
mod function;
mod signature;
#[cfg(test)]
mod snapshots;
mod tokens;

use proc_macro::TokenStream;

use errors::Errors;
use function::Function;

/// Records each call of a function as a business operation, of type `render`, kept whatever the sampling rate.
///
/// It goes on functions and methods, sync and `async`. An `Err` makes the outcome `error(class)`, the class being the
/// short name of its type; a panic and a dropped future are outcomes of their own.
///
/// | argument | meaning |
/// |---|---|
/// | `"note_created"` or `name = ".."` | the name; without, the function's path, `Type::method` for methods |
/// | `fields(key = value)` | facts for the record, from the arguments: anything that is `Into<Value>` |
/// | `fields(key = %value)`, `fields(key = ?value)` | the same by `Display`, by `Debug` |
/// | `slow = "50ms"` | from when on it counts as slow |
///
/// ```
/// use starpunk_metrics::track_business;
///
/// #[track_business("note_created", fields(content_length = body.len()))]
/// fn create_note(body: &str) -> Result<usize, std::fmt::Error> {
///     Ok(body.len())
/// }
/// # assert_eq!(create_note("text").unwrap(), 4);
/// ```
///
/// It turns into one call of the library, around the body:
///
/// ```text
/// fn create_note(body: &str) -> Result<usize, std::fmt::Error> {
///     fn __starpunk_name() -> &'static str { "note_created" }
///     static __STARPUNK_CALLSITE: Callsite = Callsite::new(CallKind::Business, __starpunk_name);
///     call(&__STARPUNK_CALLSITE, fields(|| ..), move || -> Result<..> { Ok(body.len()) }, |output| ..)
/// }
/// ```
#[proc_macro_attribute]
pub fn track_business(args: TokenStream, item: TokenStream) -> TokenStream {
    annotate(Kind::Business, args.into(), item.into()).into()
}

/// Names the statements that run inside a function, and records its calls.
///
/// A call counts as a database operation only where no instrumented statement was seen inside it, so nothing is counted
/// twice; its record is kept when it is slow or failed. It takes what [`macro@track_business`] takes; `slow` also decides
/// for the statements inside.
///
/// ```
/// use starpunk_metrics::monitored_query;
///
/// #[monitored_query(slow = "50ms")]
/// fn count_notes(titles: &[&str]) -> usize {
///     titles.len()
/// }
/// # assert_eq!(count_notes(&["one"]), 1);
/// ```
#[proc_macro_attribute]
pub fn monitored_query(args: TokenStream, item: TokenStream) -> TokenStream {
    annotate(Kind::Query, args.into(), item.into()).into()
}

/// Which attribute was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Business,
    Query,
}

fn annotate(
    kind: Kind,
    args: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let expanded = if block::is_block(&item) {
        annotate_block(kind, args, &item)
    } else {
        annotate_function(kind, args, &item)
    };
    expanded.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        // What was annotated stays defined, so that who uses it raises no second error.
        quote::quote!(#error #item)
    })
}

fn annotate_function(
    kind: Kind,
    args: proc_macro2::TokenStream,
    item: &proc_macro2::TokenStream,
) -> syn::Result<proc_macro2::TokenStream> {
    let mut errors = Errors::default();
    let args = errors.collect(args::parse(kind, args));
    let is_skipped = args.as_ref().is_some_and(|args| args.skip);
    let function = if is_skipped {
        None
    } else {
        errors.collect(syn::parse2::<Function>(item.clone()))
    };
    errors.finish()?;
    Ok(match (args, function) {
        (Some(args), Some(function)) if !cfg!(feature = "off") => {
            expand::expand(kind, &args, &function)
        }
        _ => item.clone(),
    })
}

/// The functions inside check themselves; what is wrong with the arguments is told once.
fn annotate_block(
    kind: Kind,
    tokens: proc_macro2::TokenStream,
    item: &proc_macro2::TokenStream,
) -> syn::Result<proc_macro2::TokenStream> {
    let args = args::parse(kind, tokens.clone())?;
    args.check_for_block()?;
    if args.skip {
        return Ok(item.clone());
    }
    let library = expand::library(args.library.as_ref());
    let name = quote::format_ident!(
        "{}",
        match kind {
            Kind::Business => "track_business",
            Kind::Query => "monitored_query",
        }
    );
    let annotation = quote::quote!(#[#library::#name(#tokens)]);
    Ok(block::annotate(item.clone(), annotation, &library))
}
