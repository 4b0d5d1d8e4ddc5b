//! An attribute on a whole block: which functions it takes, and which it leaves alone.

use starpunk_metrics::{OperationType, monitored_query, track_business};
use starpunk_metrics_tests::{config, names, pipeline};

struct Store(u8);

struct Two<const N: usize>([u8; N]);

#[track_business(slow = "1m", err_class = |_: &&str| "store")]
impl Store {
    const LIMIT: u8 = { 200 };

    const fn limit() -> u8 {
        Self::LIMIT
    }

    fn add(&mut self, more: u8) -> Result<u8, &'static str> {
        self.0 = self.0.checked_add(more).ok_or("full")?;
        Ok(self.0)
    }

    #[track_business(skip)]
    fn skipped(&self) -> u8 {
        self.0
    }

    #[track_business("a name of its own")]
    fn named(&self) -> Result<u8, &'static str> {
        Err("its own class")
    }

    #[monitored_query("a query of its own")]
    fn query(&self) -> u8 {
        self.0
    }

    /// A body that names generics, braces and all, between the signature and itself.
    fn complex<const N: usize>(&self, all: Two<{ 1 + 1 }>) -> Result<[u8; N], &'static str>
    where
        Self: Sized,
        [u8; N]: Default,
    {
        let less = all.0.len() < N;
        if less {
            Ok(Default::default())
        } else {
            Err("more")
        }
    }
}

#[track_business(err_class = |_: &&str| "handed on")]
mod of_several_outputs {
    pub(super) fn fails() -> Result<u8, &'static str> {
        Err("on purpose")
    }

    pub(super) fn no_result() -> Option<u8> {
        None
    }

    pub(super) fn nothing() {}

    pub(super) fn never() -> ! {
        panic!("on purpose")
    }
}

trait Price {
    fn price(&self) -> u8;

    fn twice(&self) -> u8 {
        self.price() * 2
    }
}

#[track_business]
impl Price for Store {
    fn price(&self) -> u8 {
        self.0
    }
}

#[track_business]
trait Counted {
    const ONE: u8 = 1;

    fn bodyless(&self) -> u8;

    fn with_a_body(&self) -> u8 {
        self.bodyless() + Self::ONE
    }
}

impl Counted for Store {
    fn bodyless(&self) -> u8 {
        self.0
    }
}

#[monitored_query]
mod queries {
    #![allow(clippy::redundant_pub_crate)]
    //! Its own documentation comes first.

    use super::Store;

    pub(super) const ALL: fn() -> usize = all;

    pub(super) static LIMIT: usize = if 1 < 2 { 10 } else { 20 };

    macro_rules! made {
        ($name:ident) => {
            pub(super) fn $name() -> usize {
                0
            }
        };
    }

    made!(made_by_a_macro);

    pub(super) struct Unit;

    pub(super) fn all() -> usize {
        fn inside_a_function() -> usize {
            1
        }
        inside_a_function()
    }

    pub(super) const fn constant() -> usize {
        2
    }

    pub(super) extern "C" fn callback(number: u8) -> u8 {
        number
    }

    impl Store {
        pub(super) async fn in_an_impl(&self) -> u8 {
            self.0
        }
    }

    pub(super) mod deeper {
        pub(in super::super) fn down() {}

        #[starpunk_metrics::track_business(skip)]
        pub(in super::super) mod skipped {
            pub(in super::super::super) fn not_this() {}
        }
    }
}

#[track_business(sample = 0)]
#[monitored_query(sample = 0)]
mod both {
    pub(super) fn stacked() {}
}

#[track_business]
mod under_other_names {
    use starpunk_metrics::{monitored_query as query, track_business as event};

    #[event("own name")]
    pub(super) fn named() {}

    #[event(skip)]
    pub(super) fn skipped() {}

    #[cfg_attr(all(), query("in a condition"))]
    pub(super) fn conditional() {}

    #[cfg_attr(any(), event(skip))]
    pub(super) fn not_skipped() {}

    #[query]
    pub(super) mod own_block {
        pub(in super::super) fn inside() {}
    }
}

#[test]
fn every_function_with_a_body_is_measured_and_an_attribute_of_its_own_wins() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let mut store = Store(1);
    assert_eq!(Store::limit(), 200);
    assert_eq!(store.add(1), Ok(2));
    store.add(255).unwrap_err();
    assert_eq!(store.skipped(), 2);
    store.named().unwrap_err();
    assert_eq!(store.query(), 2);
    assert_eq!(store.complex(Two([0, 0])), Ok([0; 3]));
    let records: Vec<_> = metrics
        .metrics()
        .iter()
        .map(|metric| format!("{} {}", metric.operation_name, metric.outcome))
        .collect();
    assert_eq!(
        records,
        [
            "attributes::blocks::Store::add ok",
            "attributes::blocks::Store::add error(store)",
            "a name of its own error(str)",
            "a query of its own ok",
            "attributes::blocks::Store::complex ok",
        ]
    );
}

#[test]
fn a_trait_and_its_implementation_are_blocks_too() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let store = Store(3);
    assert_eq!(store.twice(), 6);
    assert_eq!(store.with_a_body(), 4);
    assert_eq!(
        names(&metrics),
        [
            "attributes::blocks::Store::price",
            "attributes::blocks::Counted::with_a_body"
        ]
    );
}

#[test]
fn a_module_is_measured_to_its_depth() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let queries::Unit = queries::Unit;
    assert_eq!((queries::ALL)(), 1);
    assert_eq!(queries::constant() + queries::made_by_a_macro(), 2);
    assert_eq!(queries::LIMIT, 10);
    assert_eq!(queries::callback(4), 4);
    starpunk_metrics_tests::ready(Store(5).in_an_impl());
    queries::deeper::down();
    queries::deeper::skipped::not_this();
    assert_eq!(
        names(&metrics),
        [
            "attributes::blocks::queries::all",
            "attributes::blocks::queries::callback",
            "attributes::blocks::Store::in_an_impl",
            "attributes::blocks::queries::deeper::down",
        ]
    );
    assert!(
        metrics
            .stats()
            .by_type
            .contains_key(&OperationType::Database)
    );
}

#[test]
fn a_class_for_errors_is_handed_on_to_those_that_have_some() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    of_several_outputs::fails().unwrap_err();
    assert_eq!(of_several_outputs::no_result(), None);
    of_several_outputs::nothing();
    assert!(std::panic::catch_unwind(|| of_several_outputs::never()).is_err());
    let outcomes: Vec<_> = metrics
        .metrics()
        .iter()
        .map(|metric| metric.outcome.to_string())
        .collect();
    assert_eq!(outcomes, ["error(handed on)", "ok", "ok", "panic"]);
}

#[test]
fn an_attribute_of_its_own_wins_under_any_name() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    under_other_names::named();
    under_other_names::skipped();
    under_other_names::conditional();
    under_other_names::not_skipped();
    under_other_names::own_block::inside();
    assert_eq!(
        names(&metrics),
        [
            "own name",
            "in a condition",
            "attributes::blocks::under_other_names::not_skipped",
            "attributes::blocks::under_other_names::own_block::inside",
        ]
    );
    let stats = metrics.stats();
    assert_eq!(stats.by_type[&OperationType::Render].count, 2);
}

#[test]
fn two_attributes_on_a_block_are_both_on_each_function() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    both::stacked();
    let stats = metrics.stats();
    assert_eq!(stats.by_type[&OperationType::Render].count, 1);
    assert_eq!(stats.by_type[&OperationType::Database].count, 1);
}
