//! Each file in `fail` makes one mistake, and has beside it what the compiler says of that.
//!
//! The compiler words its part anew with each version, so they are compared with one version only.

#[rustversion::stable(1.95)]
#[test]
fn every_mistake_has_one_message_that_says_what_to_write() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}
