//! Writes the measured function: one call into the library, and none of its logic.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ReturnType;

use crate::args::{Args, Field, Format};
use crate::function::Function;

/// Which attribute was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Business,
    Query,
}

pub(crate) fn expand(kind: Kind, args: &Args, function: &Function) -> TokenStream {
    let Function {
        attributes,
        inner_attributes,
        visibility,
        defaultness,
        signature,
        body,
    } = function;
    let items = items(kind, args);
    let fields = fields(&args.fields);
    let classify = classify(&signature.output);
    let measured = if signature.asyncness.is_some() {
        let edge = return_edge(function);
        quote! {
            ::starpunk_metrics::__private::Tracked::new(
                &__STARPUNK_CALLSITE,
                #fields,
                async move { #edge #body },
                #classify,
            )
            .await
        }
    } else {
        let output = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(..) => function.nameable_output().map(|output| quote!(-> #output)),
        };
        let closure = match output {
            Some(output) => quote!(move || #output #body),
            None => quote!(move || #body),
        };
        quote! {
            ::starpunk_metrics::__private::call(&__STARPUNK_CALLSITE, #fields, #closure, #classify)
        }
    };
    quote! {
        #(#attributes)*
        #visibility #defaultness #signature {
            #(#inner_attributes)*
            #items
            #measured
        }
    }
}

/// The call site, and the function whose path tells its name where none was given.
fn items(kind: Kind, args: &Args) -> TokenStream {
    let kind = match kind {
        Kind::Business => quote!(Business),
        Kind::Query => quote!(Query),
    };
    let name = match &args.name {
        Some(name) => name.to_token_stream(),
        None => quote!(::core::any::type_name_of_val(&__starpunk_name)),
    };
    let slow = args.slow.map(|slow| {
        // The parser has refused what does not fit.
        let nanos = u64::try_from(slow.as_nanos()).unwrap_or(u64::MAX);
        quote!(.slow_above(#nanos))
    });
    quote! {
        fn __starpunk_name() -> &'static ::core::primitive::str {
            #name
        }
        static __STARPUNK_CALLSITE: ::starpunk_metrics::__private::Callsite =
            ::starpunk_metrics::__private::Callsite::new(
                ::starpunk_metrics::__private::CallKind::#kind,
                __starpunk_name,
            ) #slow;
    }
}

/// The fields, evaluated from the arguments before the body may have moved them.
fn fields(fields: &[Field]) -> TokenStream {
    if fields.is_empty() {
        return quote!(::std::vec::Vec::new());
    }
    let fields = fields.iter().map(|Field { key, format, value }| {
        let key = key.to_string();
        let value = match format {
            Format::Value => {
                quote_spanned!(Span::mixed_site()=> ::core::convert::From::from(#value))
            }
            Format::Display => quote! {
                ::starpunk_metrics::__private::Value::text(::std::format!("{}", #value))
            },
            Format::Debug => quote! {
                ::starpunk_metrics::__private::Value::text(::std::format!("{:?}", #value))
            },
        };
        quote!((#key, #value))
    });
    quote! {
        ::starpunk_metrics::__private::fields(|| ::std::vec::Vec::from([#(#fields),*]))
    }
}

/// Finds the outcome by the type of the output. For a `Result` the trait stays unused.
fn classify(output: &ReturnType) -> TokenStream {
    // A body that never returns has any type, so the compiler has to be told.
    let unit = matches!(output, ReturnType::Default).then(|| quote!(: &()));
    quote! {
        |__starpunk_output #unit| {
            #[allow(unused_imports)]
            use ::starpunk_metrics::__private::AnyOutput as _;
            ::starpunk_metrics::__private::Probe(__starpunk_output).outcome()
        }
    }
}

/// A return that never happens, so that the type of an `async` body is known before it is read: early returns then
/// coerce, and `collect()` knows into what, as in the plain function.
fn return_edge(function: &Function) -> Option<TokenStream> {
    let output = match &function.signature.output {
        ReturnType::Default => return None,
        ReturnType::Type(..) => function.nameable_output()?,
    };
    if output.to_string() == "!" {
        return None;
    }
    Some(quote! {
        #[allow(
            unreachable_code,
            clippy::diverging_sub_expression,
            clippy::empty_loop,
            clippy::let_unit_value,
            clippy::needless_return,
            clippy::unreachable
        )]
        if false {
            let __starpunk_return: #output = loop {};
            return __starpunk_return;
        }
    })
}
