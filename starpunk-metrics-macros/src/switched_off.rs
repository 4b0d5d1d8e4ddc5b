//! With the feature `off` an attribute checks what it was given, and hands back what it was put on.

use quote::quote;

use crate::annotate::{Kind, annotate};

#[test]
fn a_function_and_a_block_come_back_untouched() {
    for item in [
        quote!(
            async fn all(&self) -> Result<(), Error> {
                half.
            }
        ),
        quote!(
            impl Store {
                fn all() {}
                const fn limit() {}
            }
        ),
    ] {
        let args = quote!(slow = "50ms", err_class = Error::class);
        let back = annotate(Kind::Query, args, item.clone());
        assert_eq!(back.to_string(), item.to_string());
    }
}

#[test]
fn a_mistake_is_told_all_the_same() {
    for (args, item, told) in [
        (
            quote!(nmae = 1),
            quote!(
                fn all() {}
            ),
            "unknown argument",
        ),
        (
            quote!(),
            quote!(
                const fn all() {}
            ),
            "cannot be measured",
        ),
        (
            quote!("one"),
            quote!(impl Store {}),
            "a name is for one function",
        ),
    ] {
        let back = annotate(Kind::Business, args, item.clone()).to_string();
        assert!(
            back.contains("compile_error") && back.contains(told),
            "{back}"
        );
        assert!(back.ends_with(&item.to_string()));
    }
}
