//! The attributes of `starpunk-metrics`; use them from there.
//!
//! `args.rs` has their syntax, `function.rs` the rules of what they go on, `expand.rs` what they turn it into.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod args;
mod expand;
mod function;

use proc_macro::TokenStream;

use args::Args;
use expand::Kind;
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
    annotate(Kind::Business, args, item)
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
    annotate(Kind::Query, args, item)
}

fn annotate(kind: Kind, args: TokenStream, item: TokenStream) -> TokenStream {
    let original = proc_macro2::TokenStream::from(item.clone());
    let parsed = syn::parse::<Args>(args);
    let function = syn::parse::<Function>(item);
    let (args, function) = match (parsed, function) {
        (Ok(args), Ok(function)) => (args, function),
        (args, function) => {
            let errors = [args.err(), function.err()].into_iter().flatten();
            let errors = errors.map(|error| error.into_compile_error());
            // The function stays defined, so that its callers raise no second error.
            return quote::quote!(#(#errors)* #original).into();
        }
    };
    if cfg!(feature = "off") {
        return original.into();
    }
    expand::expand(kind, &args, &function).into()
}
