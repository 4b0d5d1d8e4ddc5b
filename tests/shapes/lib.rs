//! Every shape of function that a naive attribute breaks, each in a file of its own.
//!
//! A file is compiled twice: as `plain` with an attribute that does nothing, and as `measured` with ours. Both have to
//! do the same, on both editions, without a warning. `RECORDS` says what the measured one leaves behind.

#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic)]
// Each file twice is the point.
#![allow(clippy::duplicate_mod)]

mod support;

use starpunk_metrics::{Config, Metrics};

/// One shape, as the tests see it.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The name of its file.
    pub name: &'static str,
    /// Runs it untouched and returns what it did.
    pub plain: fn() -> String,
    /// Runs it measured and returns what it did.
    pub measured: fn() -> String,
    /// What that leaves behind, in the order of the ends: the name within the file, and the outcome.
    pub records: &'static [&'static str],
}

impl Shape {
    /// Runs it plain, and measured without a pipeline and with one, and tells where they differ: in what they did, or in the
    /// records.
    ///
    /// # Panics
    ///
    /// Where no pipeline can be started.
    #[must_use]
    pub fn difference(&self) -> Option<String> {
        let plain = (self.plain)();
        let switched_off = (self.measured)();
        let config = Config::default().test_mode(true);
        let metrics = Metrics::scoped(config).expect("the defaults are valid");
        let entered = metrics.enter();
        let measured = (self.measured)();
        drop(entered);
        for did in [switched_off, measured] {
            if plain != did {
                return Some(format!("\n    plain    {plain}\n    measured {did}"));
            }
        }
        let within = format!("::measured::{}::", self.name);
        let records = metrics.metrics().into_iter().map(|metric| {
            let name = metric.operation_name.as_str();
            let name = name.split_once(&within).map_or(name, |(_, name)| name);
            format!("{name} {}", metric.outcome)
        });
        let (records, expected) = (records.collect::<Vec<_>>(), self.records);
        (records != expected)
            .then(|| format!("\n    expected {expected:?}\n    recorded {records:?}"))
    }
}

macro_rules! shapes {
    ($($name:ident),* $(,)?) => {
        /// The shapes without measurement.
        #[path = "cases"]
        mod plain {
            pub(crate) use untouched::untouched as measured;
            $(pub(crate) mod $name;)*
        }

        /// The shapes under `#[track_business]`.
        #[path = "cases"]
        mod measured {
            pub(crate) use starpunk_metrics::track_business as measured;
            $(pub(crate) mod $name;)*
        }

        // The same files, so the same lists.
        $(const _: &[&str] = plain::$name::RECORDS;)*

        /// All shapes, in the order of the table.
        pub const SHAPES: &[Shape] = &[$(Shape {
            name: stringify!($name),
            plain: plain::$name::run,
            measured: measured::$name::run,
            records: measured::$name::RECORDS,
        }),*];
    };
}

shapes! {
    argument_patterns,
    argument_patterns_async,
    async_in_trait,
    async_trait_above,
    async_trait_below,
    async_trait_method,
    async_trait_on_trait,
    attributes_above,
    attributes_below,
    attributes_in_body,
    attributes_on_parameters,
    blanket_traits_in_scope,
    block_of_items_from_macro,
    block_of_methods,
    block_of_module,
    block_of_module_nested,
    block_of_trait,
    block_of_trait_impl,
    block_with_const_fn,
    borrowed_future,
    boxed_future_in_result,
    cfg_on_parameters,
    closure_returned,
    closure_with_inferred_signature,
    const_generics,
    crate_shadowed,
    deref_on_early_return,
    diverging_body,
    drop_order_of_arguments,
    drop_order_of_arguments_async,
    drop_order_of_temporaries,
    dropped_future,
    dyn_on_early_return,
    dyn_on_early_return_async,
    dyn_on_early_return_in_result,
    early_return_by_question_mark,
    error_by_from,
    expected_lints,
    extern_c,
    fn_pointer_on_early_return,
    function_in_function,
    function_pointer,
    future_boxed_by_hand,
    future_by_alias,
    future_by_hand,
    future_by_hand_dropped,
    future_by_other_alias,
    future_static_by_hand,
    future_with_captures,
    generic_instances,
    generic_output,
    generics_and_where,
    glob_shadows_output,
    impl_trait_argument,
    impl_trait_async,
    impl_trait_beside_box,
    impl_trait_beside_box_async,
    impl_trait_in_result,
    impl_trait_nested,
    impl_trait_returned,
    impl_trait_tuple,
    implemented_for_any_type,
    inferred_from_return_type,
    inferred_from_return_type_async,
    items_in_body,
    items_named_like_ours,
    labels_and_loops,
    lazy_output,
    lifetimes,
    local_future,
    macro_around,
    macro_body,
    macro_names,
    macro_never,
    macro_type,
    macros_shadowed,
    modules_shadowed,
    mutable_arguments,
    never,
    never_async,
    no_return_type,
    one_line_bodies,
    panic_in_body,
    prelude_shadowed,
    primitives_shadowed,
    question_mark_on_option,
    raw_identifiers,
    reborrow_mut_in_option,
    reborrow_mut_in_result,
    reborrow_self,
    reborrow_shared_in_result,
    recursion,
    recursion_async,
    result_aliases,
    return_from_macro,
    return_in_async_block,
    return_in_closure,
    return_in_nested_function,
    self_and_associated_types,
    self_async,
    self_destructured,
    self_kinds,
    self_typed,
    send_future,
    send_future_in_trait,
    slice_of_vec,
    test_function,
    track_caller,
    track_caller_diverging,
    track_caller_early_return,
    track_caller_future,
    track_caller_method,
    track_caller_never,
    track_caller_panic,
    track_caller_question_mark,
    track_caller_question_mark_first,
    track_caller_question_mark_in_parentheses,
    track_caller_shown_by_macro,
    trait_methods,
    uninhabited,
    unit_written_out,
    well_known_traits,
}

#[test]
fn every_shape_behaves_as_the_plain_function_and_leaves_its_records() {
    let differences: Vec<_> = SHAPES
        .iter()
        .filter_map(|shape| Some(format!("{}: {}", shape.name, shape.difference()?)))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
