//! What generated code tells of a call: its fields, and how its outcome is found.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::args::Verdict;
use crate::expand::Parts;
use crate::field::{Field, Format};
use crate::signature;
use crate::tokens;

impl Parts<'_> {
    /// The fields: later, where that is possible, else before the body uses up what they are made from.
    pub(crate) fn fields(&self, can_wait: bool) -> TokenStream {
        let Self { private, args, .. } = self;
        if args.fields.is_empty() {
            return quote!(#private::NoFields);
        }
        let fields = args.fields.iter().map(|field| self.field(field, None));
        let fields = quote!([#(#fields),*]);
        if can_wait {
            quote!(#private::later(move || #fields))
        } else {
            quote!(#private::now(|| #fields))
        }
    }

    /// The function to call: one that also reads the output, where there is something to be read, ends in `_reading`. The
    /// reading itself is its last argument, see [`Parts::outcome`].
    pub(crate) fn reading(&self, function: TokenStream) -> TokenStream {
        if self.args.ok_fields.is_empty() {
            return function;
        }
        let mut tokens: Vec<_> = function.into_iter().collect();
        if let Some(proc_macro2::TokenTree::Ident(name)) = tokens.pop() {
            let name = quote::format_ident!("{name}_reading");
            tokens.push(name.into());
        }
        tokens.into_iter().collect()
    }

    /// How the outcome is found in what was returned, and after a comma what is read off it.
    pub(crate) fn outcome(&self, output: Option<&TokenStream>) -> TokenStream {
        let Self { private, args, .. } = self;
        if signature::never_returns(self.signature) {
            return quote!(|_| #private::Outcome::Ok);
        }
        let has_errors = signature::returns_a_result(self.signature)
            || output.is_some_and(|output| tokens::contains_word(output.clone(), "Result"));
        let output = output.map(|output| quote!(: &#output));
        let verdict = match &args.verdict {
            None => quote!(::core::option::Option::None),
            Some(Verdict::OkIf(ask)) => quote!(#private::verdict(__starpunk_output, true, #ask)),
            Some(Verdict::ErrIf(ask)) => quote!(#private::verdict(__starpunk_output, false, #ask)),
        };
        let class = quote!(#private::Probe(__starpunk_error).__starpunk_ask().__starpunk_failure());
        let class = match &args.err_class {
            None => class,
            // What a block hands on is for those of its functions that it fits.
            Some(_) if args.is_from_block && args.verdict.is_none() && !has_errors => class,
            Some(name) => quote!(#private::named(#class, __starpunk_error, #name)),
        };
        let outcome = quote! {
            |__starpunk_output #output| {
                use #private::AnyOutput as _;
                #private::Probe(__starpunk_output).__starpunk_ask().__starpunk_outcome(
                    #verdict,
                    |__starpunk_value| #private::Probe(__starpunk_value).__starpunk_ask().__starpunk_class(),
                    |__starpunk_error| #class,
                )
            }
        };
        if args.ok_fields.is_empty() {
            return outcome;
        }
        let value = quote!(__starpunk_value);
        let fields = args
            .ok_fields
            .iter()
            .map(|field| self.field(field, Some(&value)));
        quote! {
            #outcome,
            |__starpunk_output #output| {
                use #private::AnyOutput as _;
                #private::Probe(__starpunk_output).__starpunk_ask().__starpunk_success().map(|__starpunk_value| [#(#fields),*])
            }
        }
    }

    /// One field; `returned` is what its `ret` stands for.
    fn field(&self, field: &Field, returned: Option<&TokenStream>) -> TokenStream {
        let Self { private, .. } = self;
        let Field { key, format, value } = field;
        let key = syn::ext::IdentExt::unraw(key).to_string();
        // Shown where the value stands, and still known to be generated.
        let span = Span::mixed_site().located_at(value.span());
        let mut told = match format {
            Format::Value => quote_spanned!(span=> #private::value(#value)),
            Format::Display => quote_spanned!(span=> #private::display(&(#value))),
            Format::Debug => quote_spanned!(span=> #private::debug(&(#value))),
        };
        if let Some(returned) = returned {
            // With the name as it was written: in a macro of the application's own it is not any `ret`.
            let name = tokens::find_word(value.to_token_stream(), "ret");
            let name = name.map_or_else(|| quote!(_), |name| name.to_token_stream());
            told = quote!(match #returned { #name => #told });
        }
        quote!((#key, #told))
    }
}
