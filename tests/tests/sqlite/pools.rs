//! What a pool has, and how long its users wait.

use std::time::Duration;

use starpunk_metrics::sqlite::{PoolEvents, SqliteManager};
use starpunk_metrics_tests::{config, pipeline};

#[test]
fn waiting_using_and_waiting_in_vain_are_told() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let pool = r2d2::Pool::builder()
        .max_size(2)
        .connection_timeout(Duration::from_millis(20))
        .event_handler(Box::new(PoolEvents::new("notes")))
        .build(SqliteManager::memory())
        .unwrap();
    let one = pool.get().unwrap();
    let two = pool.get().unwrap();
    pool.get().unwrap_err();
    let stats = &metrics.snapshot().pools[0];
    assert_eq!(stats.name, "notes");
    assert_eq!((stats.connections, stats.busy, stats.idle()), (2, 2, 0));
    assert_eq!((stats.wait.count(), stats.timeouts), (2, 1));
    assert!(stats.wait_time >= Duration::from_millis(20));
    drop((one, two));
    let stats = &metrics.snapshot().pools[0];
    assert_eq!((stats.busy, stats.idle()), (0, 2));
    assert_eq!(stats.usage.count(), 2);
    assert!(stats.use_time >= Duration::from_millis(20));
    // They are no operations.
    assert_eq!(metrics.stats().total_count, 0);
}

#[test]
fn a_pool_that_nobody_tells_of_is_none() {
    let metrics = pipeline(config());
    let _entered = metrics.enter();
    let pool = r2d2::Pool::builder()
        .max_size(1)
        .build(SqliteManager::memory())
        .unwrap();
    drop(pool.get().unwrap());
    assert!(metrics.snapshot().pools.is_empty());
}

#[test]
fn pools_are_told_apart_and_by_every_pipeline() {
    let pool = |name| {
        r2d2::Pool::builder()
            .max_size(1)
            .event_handler(Box::new(PoolEvents::new(name)))
            .build(SqliteManager::memory())
            .unwrap()
    };
    let (notes, tags) = (pool("notes"), pool("tags"));
    for _ in 0..2 {
        let metrics = pipeline(config());
        let _entered = metrics.enter();
        let _kept = notes.get().unwrap();
        drop(tags.get().unwrap());
        let told: Vec<_> = metrics
            .snapshot()
            .pools
            .iter()
            .map(|pool| (pool.name.clone(), pool.connections, pool.busy))
            .collect();
        assert_eq!(
            told,
            [("notes".to_owned(), 1, 1), ("tags".to_owned(), 1, 0)]
        );
    }
}
