//! Writes the measured function: one call into the library, and none of its logic.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Lifetime, Path, ReturnType, Signature};

use crate::annotate::Kind;
use crate::args::{Args, Keep};
use crate::caller;
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
    } else {
        let in_place = function.tracks_its_caller();
        match signature::returned(signature) {
            Returned::Value if parts.returns_a_bare_closure() => parts.tail_in_place(&quote!(Ok)),
            Returned::Value if in_place => parts.body_in_place(),
            Returned::Value => parts.body(),
            Returned::Future(output) => parts.made_future(&output, in_place),
            Returned::BoxedFuture(output) => parts.boxed_future(&output, in_place),
            Returned::Named => parts.made_by_name(in_place),
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

/// A label that the body has not: another annotation may have been there.
fn unused_label(body: &Group) -> Lifetime {
    let mut name = "__starpunk_body".to_owned();
    while tokens::contains_word(body.stream(), &name) {
        name.push('_');
    }
    Lifetime::new(&format!("'{name}"), Span::call_site())
}

/// The path of the library, from anywhere.
pub(crate) fn library(given: Option<&Path>) -> TokenStream {
    given.map_or_else(|| quote!(::starpunk_metrics), ToTokens::to_token_stream)
}

/// What an expansion is made from.
pub(crate) struct Parts<'a> {
    /// The path of what generated code may name.
    pub(crate) private: TokenStream,
    pub(crate) args: &'a Args,
    pub(crate) signature: &'a Signature,
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
        let Self { private, order, .. } = self;
        let body = self.nested_body();
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
    fn made_future(&self, output: &TokenStream, in_place: bool) -> TokenStream {
        let Self { private, .. } = self;
        let made = self.reading(quote!(#private::Tracked::made));
        // What the future may outlive cannot be asked later.
        let fields = self.fields(false);
        let outcome = self.outcome(Some(output));
        if !in_place {
            let body = self.closure();
            return quote!(#made(&__STARPUNK_CALLSITE, #fields, #body, #outcome));
        }
        let guarded = self.guarded(&fields, &quote!(#private::Outcome::Ok));
        let made = self.reading(quote!(made));
        quote!({ #guarded __starpunk_guard.#made(__starpunk_output, #outcome) })
    }

    /// The body of a function that returns what may be a boxed future, by its name.
    fn made_by_name(&self, in_place: bool) -> TokenStream {
        let Self { private, .. } = self;
        let end = self.reading(quote!(__starpunk_end));
        let fields = self.fields(false);
        let outcome = self.outcome(None);
        let made = if in_place {
            let guarded = self.guarded(&fields, &quote!(#private::Outcome::Ok));
            quote!(#guarded let __starpunk_made = __starpunk_guard.made_of(__starpunk_output);)
        } else {
            let body = self.closure();
            quote!(let __starpunk_made = #private::Made::new(&__STARPUNK_CALLSITE, #fields, #body);)
        };
        quote! {
            use #private::AnyMade as _;
            #made
            __starpunk_made.__starpunk_ask().#end(#outcome)
        }
    }

    /// The body of a function that returns `Pin<Box<dyn Future>>`.
    fn boxed_future(&self, output: &TokenStream, in_place: bool) -> TokenStream {
        let Self { private, .. } = self;
        let Some((boxing, future)) = tokens::boxed_async_block(self.body.stream()) else {
            let made = self.made_future(output, in_place);
            return quote!(#private::Box::pin(#made));
        };
        // The box is there already: what it holds is measured, and not a second box around it.
        let new = self.reading(quote!(#private::Tracked::new));
        let fields = self.fields(false);
        let outcome = self.outcome(Some(output));
        quote!(#boxing(#new(&__STARPUNK_CALLSITE, move || (#fields, #future), #outcome)))
    }

    /// The body of a function that is called with its caller's location, which ends at a closure: it stays where it is.
    fn body_in_place(&self) -> TokenStream {
        if signature::never_returns(self.signature) {
            return self.tail_in_place(&quote!(Panic));
        }
        let Self { private, .. } = self;
        let fields = self.fields(signature::can_wait(self.signature, &self.args.fields));
        let unseen = if signature::returns_a_result(self.signature) {
            quote!(#private::Outcome::Error("early_return"))
        } else {
            quote!(#private::Outcome::Ok)
        };
        let guarded = self.guarded(&fields, &unseen);
        let finish = self.reading(quote!(finish));
        let outcome = self.outcome(self.unit().as_ref());
        quote!(#guarded __starpunk_guard.#finish(__starpunk_output, #outcome))
    }

    /// The body where it is, behind a guard: what it comes to is `__starpunk_output`.
    fn guarded(&self, fields: &TokenStream, unseen: &TokenStream) -> TokenStream {
        let Self { private, .. } = self;
        let output = signature::nameable_output(self.signature);
        let body = self.labelled_body();
        quote! {
            let __starpunk_guard =
                #private::Guard::start(&__STARPUNK_CALLSITE, #fields, #unseen);
            #[allow(unused_braces, clippy::unit_arg)]
            let __starpunk_output: #output = #body;
        }
    }

    /// The body as the tail of its function, behind a guard that knows nothing of what is returned.
    fn tail_in_place(&self, unseen: &TokenStream) -> TokenStream {
        let Self { private, .. } = self;
        let fields = self.fields(signature::can_wait(self.signature, &self.args.fields));
        let body = self.nested_body();
        quote! {
            let __starpunk_guard = #private::Guard::<(), _>::start(
                &__STARPUNK_CALLSITE,
                #fields,
                #private::Outcome::#unseen,
            );
            #body
        }
    }

    /// Whether a closure is returned and nobody asks for it.
    fn returns_a_bare_closure(&self) -> bool {
        self.args.verdict.is_none()
            && self.args.ok_fields.is_empty()
            && signature::returns_a_closure(self.signature)
    }

    /// The body as a block that is left at its end: by its value, by a `return`, or by a `?`.
    fn labelled_body(&self) -> TokenStream {
        let Self { private, body, .. } = self;
        let label = unused_label(body);
        let body = caller::body_to_its_end(body, private, &label);
        let output = signature::nameable_output(self.signature);
        // A way out that is never taken: the label is used, and the end is reached, whatever the body is like.
        quote! {
            #label: {
                if let ::core::option::Option::Some(__starpunk_return) =
                    ::core::option::Option::None::<#output>
                {
                    break #label __starpunk_return;
                }
                #body
            }
        }
    }

    /// The body as a closure that is called once.
    fn closure(&self) -> TokenStream {
        let Self { order, body, .. } = self;
        let named = signature::named_for_clippy(self.signature, &body.stream());
        let body = if order.is_some() || !named.is_empty() {
            let body = self.nested_body();
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

    /// The body as a block inside another, in its own braces: their edition decides when the temporaries of its end are
    /// dropped. With an item of ours, without which braces around one expression would look like some to be left out.
    fn nested_body(&self) -> Group {
        let body = self.body.stream();
        let mut braces = Group::new(Delimiter::Brace, quote!(const _: () = (); #body));
        braces.set_span(self.body.span());
        braces
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
