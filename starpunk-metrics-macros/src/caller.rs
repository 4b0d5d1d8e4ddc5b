//! Bodies that stay in their function, because a closure would not know its caller's location: what would leave the
//! function leads to the end of a block instead, where the outcome is seen.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Item, Macro, Token};

/// The body as an expression that has its value. One that does not parse, or leaves nowhere, stays as it is.
pub(crate) fn body_to_its_end(body: &Group, private: &TokenStream) -> TokenStream {
    let Ok(mut block) = syn::parse2::<Block>(body.to_token_stream()) else {
        return body.to_token_stream();
    };
    let mut exits = Exits {
        private,
        found: false,
    };
    exits.visit_block_mut(&mut block);
    if exits.found {
        quote!('__starpunk_body: #block)
    } else {
        body.to_token_stream()
    }
}

/// Turns `return` and `?` into a `break` out of the labelled body.
struct Exits<'a> {
    private: &'a TokenStream,
    found: bool,
}

impl VisitMut for Exits<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            // They have a `return` and a `?` of their own.
            Expr::Closure(_) | Expr::Async(_) | Expr::TryBlock(_) | Expr::Const(_) => return,
            _ => visit_mut::visit_expr_mut(self, expression),
        }
        let private = self.private;
        let tokens = match expression {
            Expr::Return(exit) => {
                let value = &exit.expr;
                let attributes = &exit.attrs;
                quote!(#(#attributes)* break '__starpunk_body #value)
            }
            Expr::Try(exit) => {
                let value = &exit.expr;
                quote! {
                    match #private::Branch::branch(#value) {
                        ::core::ops::ControlFlow::Continue(__starpunk_value) => __starpunk_value,
                        ::core::ops::ControlFlow::Break(__starpunk_rest) => {
                            break '__starpunk_body #private::FromResidual::from_residual(__starpunk_rest)
                        }
                    }
                }
            }
            _ => return,
        };
        self.found = true;
        *expression = Expr::Verbatim(tokens);
    }

    /// The arguments of a macro that look like expressions: `println!("{}", value?)`.
    fn visit_macro_mut(&mut self, of: &mut Macro) {
        let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
        let Ok(mut arguments) = of.parse_body_with(parse) else {
            return;
        };
        let mut inner = Exits {
            private: self.private,
            found: false,
        };
        for argument in &mut arguments {
            inner.visit_expr_mut(argument);
        }
        if inner.found {
            self.found = true;
            of.tokens = arguments.into_token_stream();
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {
        // What is defined inside is left by its own ways.
    }
}
