//! What the attributes write, as a person would read it. `UPDATE_EXPECT=1 cargo test` writes the files anew.

use expect_test::{ExpectFile, expect_file};
use quote::quote;

use crate::annotate::{Kind, annotate};

fn check(
    kind: Kind,
    args: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
    expected: &ExpectFile,
) {
    let expanded = annotate(kind, args, item).to_string();
    let file = syn::parse_file(&expanded).expect("an expansion is Rust");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_function_becomes_one_call_around_its_body() {
    check(
        Kind::Business,
        quote!(
            "note_created",
            fields(content_length = body.len()),
            ok_fields(id = ret.id),
            err_class = BlogError::class
        ),
        quote! {
            #[inline]
            pub fn create_note(db: &Db, body: &str) -> Result<Note, BlogError> {
                let note = db.insert(body)?;
                Ok(note)
            }
        },
        &expect_file!["../snapshots/function.rs"],
    );
}

#[test]
fn an_async_function_becomes_a_future_around_its_body() {
    check(
        Kind::Query,
        quote!(slow = "50ms", table = "notes"),
        quote! {
            async fn recent_notes(&self, n: usize) -> Result<Vec<Note>, DbError> {
                self.pool.get().await?.recent(n).await
            }
        },
        &expect_file!["../snapshots/async_function.rs"],
    );
}

#[test]
fn a_boxed_future_is_measured_inside_its_box() {
    check(
        Kind::Business,
        quote!(),
        quote! {
            fn later<'a>(&'a self) -> Pin<Box<dyn Future<Output = u8> + Send + 'a>> {
                Box::pin(async move { self.number().await })
            }
        },
        &expect_file!["../snapshots/boxed_future.rs"],
    );
}

#[test]
fn a_body_stays_in_place_for_its_caller_location() {
    check(
        Kind::Business,
        quote!(),
        quote! {
            #[track_caller]
            fn parse(text: &str) -> Result<u8, ParseIntError> {
                if text.is_empty() {
                    return Ok(0);
                }
                Ok(text.parse::<u8>()? + 1)
            }
        },
        &expect_file!["../snapshots/track_caller.rs"],
    );
}

#[test]
fn a_block_hands_its_attribute_to_each_function() {
    check(
        Kind::Query,
        quote!(slow = "50ms"),
        quote! {
            impl Store {
                const LIMIT: usize = 10;

                const fn limit() -> usize {
                    Self::LIMIT
                }

                fn all(&self) -> Vec<Note> {
                    self.query(ALL)
                }

                #[monitored_query("recent")]
                async fn recent(&self) -> Vec<Note> {
                    self.query(RECENT)
                }

                #[monitored_query(skip)]
                fn len(&self) -> usize {
                    self.0.len()
                }
            }
        },
        &expect_file!["../snapshots/block.rs"],
    );
}
