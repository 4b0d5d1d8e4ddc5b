//! Writes the measured function: one call into the library, and none of its logic.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, ReturnType, Signature};

use crate::annotate::Kind;
use crate::args::{Args, Keep, Verdict};
use crate::caller;
use crate::field::{Field, Format};
use crate::function::Function;
use crate::signature::{self, Returned};
use crate::tokens;

pub(crate) fn expand(kind: Kind, args: &Args, function: &Function) -> TokenStream {
    let library = library(args.library.as_ref());
    let named = signature::with_all_named(&function.signature);
    let order = signature::drop_order(&named, &function.body.stream());
    let signature = if order.is_some() {
        &named
    } else {
        &function.signature
    };
    let parts = Parts {
        private: quote!(#library::__private),
        args,
        signature,
        order,
        body: &function.body,
    };
    let items = parts.items(kind);
    let measured = if signature.asyncness.is_some() {
        parts.async_body()
    } else if function.tracks_its_caller() {
        parts.body_in_place()
    } else {
        match signature::returned(signature) {
            Returned::Value => parts.body(),
            Returned::Future(output) => parts.made_future(&output),
            Returned::BoxedFuture(output) => parts.boxed_future(&output),
        }
    };
    let Function {
        attributes,
        inner_attributes,
        visibility,
        defaultness,
        signature: _,
        body: _,
    } = function;
    let body = quote! {
        #(#inner_attributes)*
        #items
        #measured
    };
    // In the user's own braces: of a function that ends with generated ones the compiler would not say that it is unused.
    let mut braces = Group::new(Delimiter::Brace, body);
    braces.set_span(function.body.span());
    quote! {
        #(#attributes)*
        #visibility #defaultness #signature #braces
    }
}

/// The path of the library, from anywhere.
pub(crate) fn library(given: Option<&Path>) -> TokenStream {
    given.map_or_else(|| quote!(::starpunk_metrics), ToTokens::to_token_stream)
}

/// What an expansion is made from.
struct Parts<'a> {
    /// The path of what generated code may name.
    private: TokenStream,
    args: &'a Args,
    signature: &'a Signature,
    /// What keeps the arguments in the order in which they are dropped.
    order: Option<TokenStream>,
    body: &'a Group,
}

impl Parts<'_> {
    /// The call site, and the function whose path tells its name where none was given.
    fn items(&self, kind: Kind) -> TokenStream {
        let Self { private, args, .. } = self;
        let kind = match kind {
            Kind::Business => quote!(Business),
            Kind::Query => quote!(Query),
        };
        let name = match &args.name {
            Some(name) => name.to_token_stream(),
            None => quote!(::core::any::type_name_of_val(&__starpunk_name)),
        };
        let keep = args.keep.as_ref().map(|keep| match keep {
            Keep::All => quote!(.forced()),
            Keep::Share(share) => quote!(.sampled(#share)),
        });
        let slow = args.slow.map(|slow| {
            // The parser has refused what does not fit.
            let nanos = u64::try_from(slow.as_nanos()).unwrap_or(u64::MAX);
            quote!(.slow_above(#nanos))
        });
        let table = args.table.as_ref().map(|table| quote!(.table(#table)));
        quote! {
            fn __starpunk_name() -> &'static ::core::primitive::str {
                #name
            }
            static __STARPUNK_CALLSITE: #private::Callsite =
                #private::Callsite::new(#private::CallKind::#kind, __starpunk_name)
                    #keep #slow #table;
        }
    }

    /// The body of a function that returns its value.
    fn body(&self) -> TokenStream {
        let Self { private, .. } = self;
        let call = self.reading(quote!(#private::call));
        let fields = self.fields(signature::can_wait(self.signature, &self.args.fields));
        let body = self.closure();
        let outcome = self.outcome(self.unit().as_ref());
        quote!(#call(&__STARPUNK_CALLSITE, #fields, #body, #outcome))
    }

    /// The body of an `async` function.
    fn async_body(&self) -> TokenStream {
        let Self {
            private,
            order,
            body,
            ..
        } = self;
        let new = self.reading(quote!(#private::Tracked::new));
        let fields = self.fields(signature::can_wait(self.signature, &self.args.fields));
        let edge = self.return_edge();
        let outcome = self.outcome(self.unit().as_ref());
        quote! {
            #new(
                &__STARPUNK_CALLSITE,
                move || (#fields, async move { #edge #order #body }),
                #outcome,
            )
            .await
        }
    }

    /// The body of a function that returns `impl Future`.
    fn made_future(&self, output: &TokenStream) -> TokenStream {
        let Self { private, .. } = self;
        let made = self.reading(quote!(#private::Tracked::made));
        // What the future may outlive cannot be asked later.
        let fields = self.fields(false);
        let body = self.closure();
        let outcome = self.outcome(Some(output));
        quote!(#made(&__STARPUNK_CALLSITE, #fields, #body, #outcome))
    }

    /// The body of a function that returns `Pin<Box<dyn Future>>`.
    fn boxed_future(&self, output: &TokenStream) -> TokenStream {
        let Some((boxing, future)) = tokens::boxed_async_block(self.body.stream()) else {
            let made = self.made_future(output);
            return quote!(::std::boxed::Box::pin(#made));
        };
        // The box is there already: what it holds is measured, and not a second box around it.
        let Self { private, .. } = self;
        let new = self.reading(quote!(#private::Tracked::new));
        let fields = self.fields(false);
        let outcome = self.outcome(Some(output));
        quote!(#boxing(#new(&__STARPUNK_CALLSITE, move || (#fields, #future), #outcome)))
    }

    /// The body of a function that is called with its caller's location, which ends at a closure: it stays where it is.
    fn body_in_place(&self) -> TokenStream {
        let Self { private, .. } = self;
        let fields = self.fields(signature::can_wait(self.signature, &self.args.fields));
        if signature::never_returns(self.signature) {
            let body = self.body;
            return quote! {
                let __starpunk_guard = #private::Guard::<(), _>::start(
                    &__STARPUNK_CALLSITE,
                    #fields,
                    #private::Outcome::Panic,
                );
                #body
            };
        }
        let unseen = if signature::returns_a_result(self.signature) {
            quote!(#private::Outcome::Error("early_return"))
        } else {
            quote!(#private::Outcome::Ok)
        };
        let output = signature::nameable_output(self.signature);
        let body = caller::body_to_its_end(self.body, private);
        let finish = self.reading(quote!(finish));
        let outcome = self.outcome(self.unit().as_ref());
        quote! {
            let __starpunk_guard =
                #private::Guard::start(&__STARPUNK_CALLSITE, #fields, #unseen);
            let __starpunk_output: #output = #body;
            __starpunk_guard.#finish(__starpunk_output, #outcome)
        }
    }

    /// The body as a closure that is called once.
    fn closure(&self) -> TokenStream {
        let Self { order, body, .. } = self;
        let named = signature::named_for_clippy(self.signature, &body.stream());
        let body = if order.is_some() || !named.is_empty() {
            quote!({ #named #order #body })
        } else {
            body.to_token_stream()
        };
        match &self.signature.output {
            ReturnType::Default => quote!(move || #body),
            ReturnType::Type(..) => {
                let output = signature::nameable_output(self.signature);
                quote!(move || -> #output #body)
            }
        }
    }

    /// The fields: later, where that is possible, else before the body uses up what they are made from.
    fn fields(&self, can_wait: bool) -> TokenStream {
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
    fn reading(&self, function: TokenStream) -> TokenStream {
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
    fn outcome(&self, output: Option<&TokenStream>) -> TokenStream {
        let Self { private, args, .. } = self;
        if signature::never_returns(self.signature) {
            return quote!(|_| #private::Outcome::Ok);
        }
        let output = output.map(|output| quote!(: &#output));
        let verdict = match &args.verdict {
            None => quote!(::core::option::Option::None),
            Some(Verdict::OkIf(ask)) => quote!(#private::verdict(__starpunk_output, true, #ask)),
            Some(Verdict::ErrIf(ask)) => quote!(#private::verdict(__starpunk_output, false, #ask)),
        };
        let class = quote!(#private::Probe(__starpunk_error).__starpunk_ask().__starpunk_failure());
        let class = match &args.err_class {
            None => class,
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
        let mut tokens = value.to_token_stream();
        if let Some(returned) = returned {
            // With the name as it was written: in a macro of the application's own it is not any `ret`.
            let name = tokens::find_word(tokens.clone(), "ret");
            let name = name.map_or_else(|| quote!(_), |name| name.to_token_stream());
            tokens = quote!(match #returned { #name => #tokens });
        }
        let value = match format {
            Format::Value => quote_spanned!(span=> #private::value(#tokens)),
            Format::Display => quote_spanned!(span=> #private::display(&#tokens)),
            Format::Debug => quote_spanned!(span=> #private::debug(&#tokens)),
        };
        quote!((#key, #value))
    }

    /// A body that never returns has any type, so the compiler has to be told of a unit.
    fn unit(&self) -> Option<TokenStream> {
        matches!(self.signature.output, ReturnType::Default).then(|| quote!(()))
    }

    /// A return that never happens, so that the type of an `async` body is known before it is read: early returns then
    /// coerce, and `collect()` knows into what, as in the plain function.
    fn return_edge(&self) -> Option<TokenStream> {
        let is_written = matches!(self.signature.output, ReturnType::Type(..));
        if !is_written || signature::never_returns(self.signature) {
            return None;
        }
        let output = signature::nameable_output(self.signature);
        // Shown where the type stands: a body of another type is told of it.
        let span = Span::mixed_site().located_at(output.span());
        Some(quote_spanned! {span=>
            if let ::core::option::Option::Some(__starpunk_return) =
                ::core::option::Option::None::<#output>
            {
                return __starpunk_return;
            }
        })
    }
}
