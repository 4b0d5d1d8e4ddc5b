//! The global allocator, which counts, and what it has counted.

use std::alloc::System;

use starpunk_metrics::AllocatorStats;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Reads the allocator's counters.
pub(crate) fn heap() -> AllocatorStats {
    let stats = ALLOCATOR.stats();
    // The counters are read one after the other while other threads allocate, so that the difference of two
    // of them may be a little below zero for a moment.
    let live = stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated);
    AllocatorStats {
        live_bytes: live as u64,
        allocations: stats.allocations as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::heap;

    #[test]
    fn a_living_allocation_is_counted() {
        let before = heap();
        let block = vec![0_u8; 64 * 1024 * 1024];
        let after = heap();
        assert!(after.allocations > before.allocations);
        assert!(after.live_bytes >= 64 * 1024 * 1024, "{}", block.len());
    }
}
