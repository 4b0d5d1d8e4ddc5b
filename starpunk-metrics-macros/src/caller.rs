//! Bodies that stay in their function, because a closure would not know its caller's location: what would leave the
//! function leads to the end of a block instead, where the outcome is seen.

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Item, Lifetime, Macro, Result, Token};

/// Macros of the standard library whose arguments are expressions, and which do not show them as they were written.
const OF_EXPRESSIONS: [&str; 16] = [
    "assert_eq",
    "assert_ne",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "panic",
    "print",
    "println",
    "todo",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// The body as a block that can be left with its value. One that does not parse stays as it is.
pub(crate) fn body_to_its_end(
    body: &Group,
    private: &TokenStream,
    label: &Lifetime,
) -> TokenStream {
    let Ok(mut block) = syn::parse2::<Block>(body.to_token_stream()) else {
        return body.to_token_stream();
    };
    let mut exits = Exits {
        private,
        label,
        found: false,
    };
    exits.visit_block_mut(&mut block);
    // As inside any block: braces around one expression would look like some that could be left out.
    block.stmts.insert(
        0,
        syn::parse_quote!(
            const _: () = ();
        ),
    );
    block.into_token_stream()
}

/// Turns `return` and `?` into a `break` out of the labelled body.
struct Exits<'a> {
    private: &'a TokenStream,
    label: &'a Lifetime,
    found: bool,
}

impl VisitMut for Exits<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            // They have a `return` and a `?` of their own.
            Expr::Closure(_) | Expr::Async(_) | Expr::TryBlock(_) | Expr::Const(_) => return,
            _ => visit_mut::visit_expr_mut(self, expression),
        }
        let Self { private, label, .. } = *self;
        let tokens = match expression {
            Expr::Return(exit) => {
                let value = &exit.expr;
                let attributes = &exit.attrs;
                quote!(#(#attributes)* break #label #value)
            }
            Expr::Try(exit) => {
                let value = without_parentheses(&exit.expr);
                let span = Span::call_site().located_at(exit.question_token.span);
                quote_spanned! {span=>
                    match #private::Branch::branch(#value) {
                        ::core::ops::ControlFlow::Continue(__starpunk_value) => __starpunk_value,
                        ::core::ops::ControlFlow::Break(__starpunk_rest) => {
                            break #label #private::FromResidual::from_residual(__starpunk_rest)
                        }
                    }
                }
            }
            _ => return,
        };
        self.found = true;
        // Parsed again where that can be, so that it gets the parentheses that its place asks for.
        *expression = syn::parse2(tokens.clone()).unwrap_or(Expr::Verbatim(tokens));
    }

    fn visit_macro_mut(&mut self, of: &mut Macro) {
        let last = of.path.segments.last();
        if !last.is_some_and(|last| OF_EXPRESSIONS.iter().any(|known| last.ident == known)) {
            return;
        }
        let rewrite = |input: ParseStream<'_>| self.rewrite_arguments(input);
        if let Ok(Some(tokens)) = rewrite.parse2(of.tokens.clone()) {
            of.tokens = tokens;
            self.found = true;
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {
        // What is defined inside is left by its own ways.
    }
}

/// As an argument it needs none.
fn without_parentheses(mut value: &Expr) -> &Expr {
    while let Expr::Paren(inside) = value {
        value = &inside.expr;
    }
    value
}

impl Exits<'_> {
    /// `a, b` and `a; b`, or nothing where none of them leaves.
    fn rewrite_arguments(&self, input: ParseStream<'_>) -> Result<Option<TokenStream>> {
        let mut inner = Exits {
            private: self.private,
            label: self.label,
            found: false,
        };
        let mut tokens = TokenStream::new();
        while !input.is_empty() {
            let mut argument: Expr = input.parse()?;
            inner.visit_expr_mut(&mut argument);
            argument.to_tokens(&mut tokens);
            if input.peek(Token![;]) {
                input.parse::<Token![;]>()?.to_tokens(&mut tokens);
            } else if !input.is_empty() {
                input.parse::<Token![,]>()?.to_tokens(&mut tokens);
            }
        }
        Ok(inner.found.then_some(tokens))
    }
}
