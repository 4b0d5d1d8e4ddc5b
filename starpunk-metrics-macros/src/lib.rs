//! The attributes of `starpunk-metrics`; use them from there.
//!
//! `args.rs` and `field.rs` have their syntax, `function.rs` the rules of what they go on, `block.rs` finds the functions of a
//! block, `signature.rs` what has to be known of one, and `expand.rs` and `facts.rs` write what it turns into.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod annotate;
mod args;
mod block;
mod caller;
mod errors;
mod expand;
mod facts;
mod field;
mod function;
#[cfg(test)]
mod properties;
mod signature;
#[cfg(all(test, not(feature = "off")))]
mod snapshots;
#[cfg(all(test, feature = "off"))]
mod switched_off;
mod tokens;

use proc_macro::TokenStream;

use annotate::{Kind, annotate};

/// Records each call of a function as a business operation, of type `render`, kept whatever the sampling rate.
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
/// It goes on functions, methods and associated functions, trait methods with a body and those of an implementation, sync,
/// `async` or returning a future by hand, and on whole `impl` blocks, traits and inline modules. Behaviour, types and lints
/// stay those of the plain function.
///
#[doc = include_str!("../docs/arguments.md")]
///
/// ## Expansion
///
/// It turns into one call of the library, around the body:
///
/// ```text
/// fn create_note(body: &str) -> Result<usize, std::fmt::Error> {
///     fn __starpunk_name() -> &'static str { "note_created" }
///     static __STARPUNK_CALLSITE: Callsite = Callsite::new(CallKind::Business, __starpunk_name);
///     call(
///         &__STARPUNK_CALLSITE,
///         later(move || [("content_length", value(body.len()))]),
///         move || -> Result<usize, std::fmt::Error> { Ok(body.len()) },
///         |output| ..,  // asks the type of the output how it ended
///     )
/// }
/// ```
///
/// An `async` body becomes a future around its own, `Tracked::new(.., async move { .. }, ..).await`. Under
/// `#[track_caller]`, which no closure keeps, the body stays where it is, between a guard and its end; there a `return` that
/// a macro writes is only known to have happened: it counts as `error(early_return)` in a function that returns a `Result`,
/// and as well in any other. There the arguments are dropped after the call was recorded, and not in it.
///
#[doc = include_str!("../docs/shapes.md")]
#[proc_macro_attribute]
pub fn track_business(args: TokenStream, item: TokenStream) -> TokenStream {
    annotate(Kind::Business, args.into(), item.into()).into()
}

/// Names the statements that run inside a function, and records its calls.
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
///
/// A call counts as a database operation only where no instrumented statement was seen inside it, so nothing is counted
/// twice. Its record is kept beside those of its statements when it is slow, failed, forced, or was given fields.
///
/// It goes where [`macro@track_business`] goes, and takes the same arguments, which are described there; `slow` also decides
/// for the statements inside, and `table` names theirs.
#[proc_macro_attribute]
pub fn monitored_query(args: TokenStream, item: TokenStream) -> TokenStream {
    annotate(Kind::Query, args.into(), item.into()).into()
}
