use std::time::Duration;

use starpunk_metrics::{AllocatorStats, Config, Metrics};

fn sampling_at_once() -> Config {
    Config::default().memory_baseline_delay(Duration::ZERO)
}

#[test]
fn memory_is_not_read_in_test_mode() {
    let metrics = Metrics::scoped(sampling_at_once().test_mode(true)).unwrap();
    assert!(metrics.flush());
    assert_eq!(metrics.snapshot().memory, None);
}

#[test]
fn the_baseline_waits_for_the_application_to_come_up() {
    let metrics = Metrics::scoped(Config::default()).unwrap();
    assert!(metrics.flush());
    let memory = metrics.snapshot().memory.unwrap();
    assert_eq!(memory.baseline_resident_bytes, None);
    assert_eq!((memory.samples, memory.growth_bytes), (0, 0));
    assert!(memory.usage.resident_bytes > 100_000);
    // It ends with its pipeline, and at once.
    assert!(!metrics.shutdown(Duration::from_secs(5)).timed_out);
    assert_eq!(metrics.snapshot().memory, None);
}

#[test]
fn resident_virtual_and_peak_memory_are_collected() {
    let metrics = Metrics::scoped(sampling_at_once()).unwrap();
    assert!(metrics.flush());
    let memory = metrics.snapshot().memory.unwrap();
    assert!(memory.usage.resident_bytes > 100_000);
    assert!(memory.usage.virtual_bytes >= memory.usage.resident_bytes);
    assert!(memory.usage.peak_resident_bytes >= memory.usage.resident_bytes);
    let baseline = i64::try_from(memory.baseline_resident_bytes.unwrap()).unwrap();
    let resident = i64::try_from(memory.usage.resident_bytes).unwrap();
    assert_eq!(memory.growth_bytes, resident - baseline);
    assert_eq!(memory.growth_warnings, 0);
}

#[test]
fn statistics_have_what_the_allocator_tells() {
    let ask = || AllocatorStats {
        live_bytes: 4096,
        allocations: 12,
    };
    let metrics = Metrics::scoped(sampling_at_once().allocator_stats(ask)).unwrap();
    assert!(metrics.flush());
    let memory = metrics.snapshot().memory.unwrap();
    assert_eq!(memory.allocator, Some(ask()));
    assert_eq!(memory.samples, 1);
    assert!(memory.sampled_at.is_some());
}
