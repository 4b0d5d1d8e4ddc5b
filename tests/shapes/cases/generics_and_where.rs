//! type parameters with bounds, defaults and a `where` clause

use super::measured;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

struct Store<K, V = u8> {
    entries: BTreeMap<K, V>,
}

impl<K: Ord, V> Store<K, V>
where
    V: Clone + Debug,
{
    #[measured]
    fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.entries.get(key).cloned()
    }
}

#[measured]
fn show<R, F, T>(result: R, map: F) -> String
where
    F: FnOnce(R) -> T,
    T: Default + Display + PartialOrd,
    for<'a> &'a T: PartialEq,
{
    let mapped = map(result);
    if mapped > T::default() {
        return mapped.to_string();
    }
    String::new()
}

pub(crate) const RECORDS: &[&str] = &["Store::get ok", "Store::get ok", "show ok"];

pub(crate) fn run() -> String {
    let store: Store<String> = Store {
        entries: BTreeMap::from([("a".to_owned(), 1)]),
    };
    format!(
        "{:?} {:?} {}",
        store.get("a"),
        store.get("b"),
        show(1, |number| number + 1)
    )
}
