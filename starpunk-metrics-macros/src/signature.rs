//! What an annotation has to know of a signature: what is returned, and what becomes of the arguments.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, FnArg, GenericArgument, Ident, Pat, PatIdent, PathArguments, PathSegment,
    ReceiverKind, ReturnType, Signature, Token, Type, TypeParamBound,
};

use crate::field::Field;
use crate::tokens::{contains_word, may_mention};

/// What a function that is not `async` returns.
pub(crate) enum Returned {
    Value,
    /// `impl Future`.
    Future(Output),
    /// `Pin<Box<dyn Future>>`.
    BoxedFuture(Output),
    /// `BoxFuture` or the like: by its name a boxed future, which the compiler has to tell.
    Named,
}

/// What a future comes to.
pub(crate) type Output = TokenStream;

pub(crate) fn returned(signature: &Signature) -> Returned {
    let ReturnType::Type(_, output) = &signature.output else {
        return Returned::Value;
    };
    match ungrouped(output) {
        Type::ImplTrait(of) => future_output(&of.bounds)
            .map_or(Returned::Value, |output| Returned::Future(nameable(output))),
        Type::Path(path) if path.qself.is_none() => match path.path.segments.last() {
            Some(last) => boxed_future(last),
            None => Returned::Value,
        },
        _ => Returned::Value,
    }
}

/// `Pin<Box<dyn Future<Output = T>>>`, or a name that speaks of one, such as `BoxFuture` of the `futures` crate.
fn boxed_future(segment: &PathSegment) -> Returned {
    let pinned = (segment.ident == "Pin")
        .then(|| only_type(segment))
        .flatten();
    let Some(Type::Path(boxed)) = pinned.map(ungrouped) else {
        // An alias may be of anything, and put more around its argument, as `Result<T, MyError>`.
        return if segment.ident.to_string().contains("Fut") {
            Returned::Named
        } else {
            Returned::Value
        };
    };
    let boxed = boxed.path.segments.last();
    let inner = boxed
        .filter(|boxed| boxed.ident == "Box")
        .and_then(only_type);
    let bounds = match inner.map(ungrouped) {
        Some(Type::TraitObject(object)) => &object.bounds,
        Some(Type::ImplTrait(of)) => &of.bounds,
        _ => return Returned::Value,
    };
    future_output(bounds).map_or(Returned::Value, |output| {
        Returned::BoxedFuture(nameable(output))
    })
}

fn only_type(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(of) => Some(of),
        _ => None,
    });
    types.next().filter(|_| types.next().is_none())
}

/// The `Output` of a future with these bounds; `None` where they ask for more than a wrapper can keep: it is a future, and
/// may go where the one inside may go.
fn future_output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Type> {
    // `Captures` is what the library of the compiler calls the trait by which a future of edition 2021 keeps a lifetime.
    const KEPT: [&str; 5] = ["Send", "Sync", "Unpin", "UnwindSafe", "Captures"];
    let mut output = None;
    for bound in bounds {
        let TypeParamBound::Trait(bound) = bound else {
            continue;
        };
        if bound.maybe.is_some() {
            continue;
        }
        let segment = bound.path.segments.last()?;
        if segment.ident == "Future" {
            let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
                return None;
            };
            output = arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::AssocType(of) if of.ident == "Output" => Some(of.ty.clone()),
                _ => None,
            });
        } else if !KEPT.iter().any(|kept| segment.ident == kept) {
            return None;
        }
    }
    output
}

/// A type from another macro comes in a group of its own.
fn ungrouped(mut of: &Type) -> &Type {
    while let Type::Group(syn::TypeGroup { elem, .. }) | Type::Paren(syn::TypeParen { elem, .. }) =
        of
    {
        of = elem;
    }
    of
}

/// A type as it can be written in the body: what is `impl Trait` outside is to be found there.
fn nameable(mut output: Type) -> Output {
    struct Hidden;
    impl VisitMut for Hidden {
        fn visit_type_mut(&mut self, of: &mut Type) {
            if let Type::ImplTrait(_) = of {
                *of = Type::Verbatim(quote!(_));
            } else {
                syn::visit_mut::visit_type_mut(self, of);
            }
        }
    }
    Hidden.visit_type_mut(&mut output);
    output.into_token_stream()
}

/// The return type as it can be written in the body.
pub(crate) fn nameable_output(signature: &Signature) -> Output {
    match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, output) => nameable((**output).clone()),
    }
}

pub(crate) fn never_returns(signature: &Signature) -> bool {
    matches!(&signature.output, ReturnType::Type(_, output) if matches!(ungrouped(output), Type::Never(_)))
}

/// Whether what is returned looks like a `Result`, by its name.
pub(crate) fn returns_a_result(signature: &Signature) -> bool {
    let ReturnType::Type(_, output) = &signature.output else {
        return false;
    };
    let Type::Path(path) = ungrouped(output) else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident.to_string().ends_with("Result"))
}

/// Whether the fields can wait until the call has ended: nothing that they name is used up, changed or locked by the body.
///
/// What is certain is read off the signature: a shared reference and a number can be copied. An output that may hold on to an
/// argument may have it locked.
pub(crate) fn can_wait(signature: &Signature, fields: &[Field]) -> bool {
    if may_borrow(&signature.output.to_token_stream()) {
        return false;
    }
    let mut arguments = Vec::new();
    let mut used_up = Vec::new();
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) if is_shared(&receiver.kind) => {
                arguments.push("self".to_owned());
            }
            FnArg::Receiver(_) => used_up.push("self".to_owned()),
            FnArg::Typed(typed) => {
                let names = bindings(&typed.pat);
                let names = names.iter().map(ToString::to_string);
                if is_plain(&typed.pat) && is_copied(&typed.ty) {
                    arguments.extend(names);
                } else {
                    used_up.extend(names);
                }
            }
        }
    }
    fields.iter().all(|field| {
        let value = field.value.to_token_stream();
        let mentions = |name: &String| may_mention(value.clone(), name);
        let is_asked = may_change(&value) && arguments.iter().any(mentions);
        !is_asked && !used_up.iter().any(mentions)
    })
}

/// Whether a value is asked of what can change, or be locked, behind a shared reference.
fn may_change(value: &TokenStream) -> bool {
    const ASKED: [&str; 15] = [
        "blocking_lock",
        "blocking_read",
        "borrow",
        "borrow_mut",
        "get",
        "load",
        "lock",
        "read",
        "take",
        "try_borrow",
        "try_lock",
        "try_read",
        "with",
        "with_borrow",
        "write",
    ];
    ASKED.iter().any(|word| contains_word(value.clone(), word))
}

/// Statements that capture the arguments whole and in the order in which the plain function would drop them: the last one
/// first. A closure on its own drops them in the order in which its body names them.
///
/// `None` where the body takes none of them in, or there is no order between them.
pub(crate) fn drop_order(signature: &Signature, body: &TokenStream) -> Option<TokenStream> {
    let mut captures: Vec<TokenStream> = Vec::new();
    let mut is_any_used = false;
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                if is_owned(&receiver.kind) && contains_word(body.clone(), "self") {
                    let this = receiver.self_token;
                    captures.push(quote!(let _ = &#this;));
                    is_any_used = true;
                }
            }
            FnArg::Typed(typed) if is_never_dropped(&typed.ty) => {}
            FnArg::Typed(typed) => {
                let conditions = conditions(&typed.attrs);
                for name in bindings(&typed.pat) {
                    let text = name.to_string();
                    let is_used = may_mention(body.clone(), &text);
                    let is_private = text.starts_with('_');
                    let lint =
                        is_private.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
                    // One that nobody uses stays outside, so that the compiler can say that nobody does.
                    if is_used || is_private {
                        captures.push(quote!(#(#conditions)* #lint let _ = &#name;));
                    }
                    is_any_used |= is_used;
                }
            }
        }
    }
    captures.reverse();
    (is_any_used && captures.len() > 1).then(|| captures.into_iter().collect())
}

/// The `#[cfg(..)]`s of an argument: where it is not there, it has no name.
fn conditions(attributes: &[Attribute]) -> Vec<&Attribute> {
    let is_condition = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    attributes.iter().filter(is_condition).collect()
}

/// Whether a type may hold on to something: by a reference, a lifetime, or what a name or a trait hides.
fn may_borrow(output: &TokenStream) -> bool {
    let text = output
        .to_string()
        .replace("& 'static", "")
        .replace("'static", "");
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    text.contains(['&', '\''])
        || words
            .any(|word| ["impl", "dyn", "Ref", "RefMut"].contains(&word) || word.ends_with("Guard"))
}

/// Whether a closure is returned whose signature the compiler takes from the bound, which only the tail of the body gets.
pub(crate) fn returns_a_closure(signature: &Signature) -> bool {
    let ReturnType::Type(_, output) = &signature.output else {
        return false;
    };
    let Type::ImplTrait(of) = ungrouped(output) else {
        return false;
    };
    of.bounds.iter().any(|bound| {
        matches!(bound, TypeParamBound::Trait(bound) if bound.path.segments.last().is_some_and(|last| {
            ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"]
                .iter()
                .any(|known| last.ident == known)
        }))
    })
}

/// Gives a name to the arguments that have none, so that [`drop_order`] can speak of them.
pub(crate) fn with_all_named(signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    for (number, argument) in signature.inputs.iter_mut().enumerate() {
        if let FnArg::Typed(typed) = argument
            && matches!(*typed.pat, Pat::Wild(_))
            && !is_never_dropped(&typed.ty)
        {
            let name = format_ident!("_{number}", span = Span::mixed_site());
            *typed.pat = Pat::Ident(PatIdent {
                attrs: Vec::new(),
                by_ref: None,
                mutability: None,
                ident: name,
                subpat: None,
            });
        }
    }
    signature
}

fn is_shared(receiver: &ReceiverKind) -> bool {
    match receiver {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
        ReceiverKind::Typed(_, of) => is_copied(of),
        _ => false,
    }
}

fn is_owned(receiver: &ReceiverKind) -> bool {
    match receiver {
        ReceiverKind::Value => true,
        ReceiverKind::Typed(_, of) => !matches!(ungrouped(of), Type::Reference(_)),
        _ => false,
    }
}

/// Statements that name the arguments for which clippy proposes another type (`&str` for `&String`) because it does not see
/// that a closure returns them. They do nothing, and capture nothing.
pub(crate) fn named_for_clippy(signature: &Signature, body: &TokenStream) -> TokenStream {
    const PROPOSED: [&str; 5] = ["Cow", "OsString", "PathBuf", "String", "Vec"];
    let named = signature.inputs.iter().filter_map(|argument| {
        let FnArg::Typed(typed) = argument else {
            return None;
        };
        let (Pat::Ident(name), Type::Reference(reference)) = (&*typed.pat, ungrouped(&typed.ty))
        else {
            return None;
        };
        let Type::Path(of) = ungrouped(&reference.elem) else {
            return None;
        };
        let last = of.path.segments.last()?;
        let is_proposed = PROPOSED.iter().any(|known| last.ident == known);
        let name = &name.ident;
        (is_proposed && may_mention(body.clone(), &name.to_string())).then(|| {
            let conditions = conditions(&typed.attrs);
            quote!(#(#conditions)* let _ = #name;)
        })
    });
    named.collect()
}

/// One name, and nothing taken apart.
fn is_plain(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none())
}

fn is_never_dropped(of: &Type) -> bool {
    is_copied(of) || matches!(ungrouped(of), Type::Reference(_))
}

fn is_copied(of: &Type) -> bool {
    const COPIED: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    match ungrouped(of) {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Path(path) if path.qself.is_none() => {
            COPIED.iter().any(|name| path.path.is_ident(name))
        }
        _ => false,
    }
}

/// The names that a pattern binds, in order.
fn bindings(pattern: &Pat) -> Vec<Ident> {
    struct Names(Vec<Ident>);
    impl VisitMut for Names {
        fn visit_pat_ident_mut(&mut self, name: &mut PatIdent) {
            // A constant or a variant without fields looks the same; by its case it is told.
            let text = name.ident.to_string();
            if !text.starts_with(char::is_uppercase) {
                self.0.push(name.ident.clone());
            }
            syn::visit_mut::visit_pat_ident_mut(self, name);
        }
    }
    let mut names = Names(Vec::new());
    names.visit_pat_mut(&mut pattern.clone());
    names.0
}
