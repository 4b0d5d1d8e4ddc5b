//! on a whole inline module, with traits and modules in it

use super::measured;
use crate::support::block_on;

#[measured]
mod shop {
    pub(super) struct Store(pub(super) u8);

    pub(super) trait Named {
        fn name(&self) -> String;

        fn twice(&self) -> String {
            self.name().repeat(2)
        }
    }

    impl Named for Store {
        fn name(&self) -> String {
            self.0.to_string()
        }
    }

    impl From<Store> for u8 {
        fn from(store: Store) -> Self {
            store.0
        }
    }

    pub(super) mod inner {
        pub(in super::super) async fn later() -> u8 {
            crate::support::pause().await;
            7
        }
    }
}

pub(crate) const RECORDS: &[&str] = &[
    "shop::Store::name ok",
    "shop::Named::twice ok",
    "u8::from ok",
    "shop::inner::later ok",
];

pub(crate) fn run() -> String {
    use shop::Named;

    let store = shop::Store(1);
    let twice = store.twice();
    format!(
        "{twice} {} {}",
        u8::from(store),
        block_on(shop::inner::later())
    )
}
