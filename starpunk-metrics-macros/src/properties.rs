//! What holds for any arguments and any block.

use std::str::FromStr;

use proc_macro2::TokenStream;
use proptest::prelude::*;
use quote::quote;

use crate::annotate::Kind;
use crate::args::{self, Keep, Verdict};
use crate::block;

/// One argument of each kind that may stand beside all others.
const COMPATIBLE: [&str; 9] = [
    "\"named\"",
    "fields(one = 1, two = %two, three = ?three.four())",
    "ok_fields(five = ret.five)",
    "ok_if = Option::is_some",
    "err_class = |error: &E| error.class()",
    "sample = 0.25",
    "slow = \"1.5ms\"",
    "table = \"notes\"",
    "crate = some::where_else",
];

/// Words of the grammar, and some that are none.
const SOUP: [&str; 28] = [
    "\"text\"",
    "\"\"",
    "name",
    "fields",
    "ok_fields",
    "ok_if",
    "err_if",
    "err_class",
    "forced",
    "sample",
    "slow",
    "table",
    "skip",
    "crate",
    "=",
    ",",
    ",",
    "(",
    ")",
    "%",
    "?",
    "1",
    "0.5",
    "\"50ms\"",
    "self",
    "ret",
    "::",
    "|x|",
];

/// Items, and how often each gets the annotation: functions once, and blocks, which hand it on as they expand.
const ITEMS: [(&str, usize); 23] = [
    ("fn one() {}", 1),
    (
        "pub(crate) async unsafe fn two<T: Fn(u8) -> u8>(of: T) -> [u8; 1 << 2] { half. }",
        1,
    ),
    (
        "#[inline] #[doc = \"text\"] pub(in self::deeper) extern \"C\" fn three() {}",
        1,
    ),
    (
        "fn four() -> impl Fn(u8) -> Four<{ 1 + 1 }> where Four<{ 2 }>: Sized { |_| Four }",
        1,
    ),
    ("const fn five() {}", 0),
    ("fn six(&self);", 0),
    ("#[track_business(\"seven\")] fn seven() {}", 1),
    (
        "#[starpunk_metrics::monitored_query(skip)] fn eight() {}",
        1,
    ),
    ("#[cfg_attr(test, track_business)] fn nine() {}", 1),
    (
        "const TEN: fn() -> bool = { fn ten() -> bool { 1 < 2 } ten };",
        0,
    ),
    ("static ELEVEN: bool = 1 > 2;", 0),
    ("use some::{fn_like, other as mod_like};", 0),
    ("macro_rules! twelve { () => { fn twelve() {} } }", 0),
    ("twelve!();", 0),
    ("twelve! { fn not_this() {} }", 0),
    ("struct Thirteen<const N: usize = { 1 }>;", 0),
    ("extern \"C\" { fn fourteen(); }", 0),
    ("type Fifteen = fn() -> u8;", 0),
    (
        "impl<T> Sixteen<{ 1 }> for fn(T) -> Vec<Vec<T>> { fn a() {} const fn b() {} fn c(&self) -> u8 { 1 } }",
        1,
    ),
    (
        "pub mod seventeen { #![allow(unused)] fn a() {} mod deeper { fn b() {} } trait C { fn c(); fn d() {} } }",
        1,
    ),
    ("#[monitored_query] mod eighteen { fn a() {} }", 1),
    ("impl Twenty<fn() -> u8, { 2 }> for u8 { fn a() {} }", 1),
    ("unsafe impl Nineteen for u8 { default fn a() {} }", 1),
];

fn parse(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("it is made of tokens")
}

#[test]
fn an_attribute_of_its_own_takes_the_mark_of_a_block_away() {
    let item = quote! {
        #[inline]
        #[::starpunk_metrics::track_business(__starpunk_from_block, slow = "1s")]
        #[doc = "text"]
        pub fn own() {}
    };
    let without = block::without_marks(item).to_string();
    assert_eq!(
        without,
        quote!(
            #[inline]
            #[doc = "text"]
            pub fn own() {}
        )
        .to_string()
    );
}

proptest! {
    #[test]
    fn arguments_mean_the_same_in_any_order(
        chosen in proptest::sample::subsequence(&COMPATIBLE[..], 0..=COMPATIBLE.len()).prop_shuffle(),
        is_trailing in any::<bool>(),
    ) {
        let mut text = chosen.join(", ");
        if is_trailing && !chosen.is_empty() {
            text.push(',');
        }
        let args = args::parse(Kind::Query, parse(&text)).map_err(|error| {
            TestCaseError::fail(format!("{text}: {error}"))
        })?;
        let is_given = |word: &str| chosen.iter().any(|argument| argument.starts_with(word));
        prop_assert_eq!(args.name.map(|name| name.value()), is_given("\"").then(|| "named".to_owned()));
        prop_assert_eq!(args.fields.len(), if is_given("fields") { 3 } else { 0 });
        prop_assert_eq!(args.ok_fields.len(), usize::from(is_given("ok_fields")));
        prop_assert_eq!(matches!(args.verdict, Some(Verdict::OkIf(_))), is_given("ok_if"));
        prop_assert_eq!(args.err_class.is_some(), is_given("err_class"));
        prop_assert_eq!(matches!(args.keep, Some(Keep::Share(0.25))), is_given("sample"));
        let slow = args.slow.map(|slow| slow.as_micros());
        prop_assert_eq!(slow, is_given("slow").then_some(1_500));
        prop_assert_eq!(args.table.is_some(), is_given("table"));
        prop_assert_eq!(args.library.is_some(), is_given("crate"));
    }

    #[test]
    fn any_soup_of_words_is_taken_or_told(words in proptest::collection::vec(0..SOUP.len(), 0..12)) {
        let text = words.iter().map(|word| SOUP[*word]).collect::<Vec<_>>().join(" ");
        // Without matching parentheses it never gets to an attribute.
        let Ok(tokens) = TokenStream::from_str(&text) else {
            return Ok(());
        };
        for kind in [Kind::Business, Kind::Query] {
            if let Err(error) = args::parse(kind, tokens.clone()) {
                prop_assert!(error.into_iter().all(|error| !error.to_string().is_empty()));
            }
        }
    }

    #[test]
    fn a_block_keeps_every_token_and_gives_each_function_its_attribute(
        chosen in proptest::collection::vec(0..ITEMS.len(), 0..8),
        head in proptest::sample::select(&["mod all", "#[cfg(test)] pub(crate) mod all", "impl<T> Tr<{ 1 }> for A<T> where T: Fn() -> u8", "pub unsafe trait All: Sized"][..]),
    ) {
        let inside: Vec<_> = chosen.iter().map(|item| ITEMS[*item].0).collect();
        let expected: usize = chosen.iter().map(|item| ITEMS[*item].1).sum();
        let item = parse(&format!("{head} {{ {} }}", inside.join(" ")));
        prop_assert!(block::is_block(&item));
        let annotated = block::annotate(item.clone(), &quote!(#[ours])).to_string();
        let mark = quote!(#[ours]).to_string();
        prop_assert_eq!(annotated.matches(&mark).count(), expected, "{}", annotated);
        let without: String = annotated.replace(&mark, "").split_whitespace().collect();
        let before: String = item.to_string().split_whitespace().collect();
        prop_assert_eq!(without, before);
    }
}
