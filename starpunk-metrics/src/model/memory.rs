//! What is known of the memory of this process.

use std::time::SystemTime;

/// One reading of the process's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUsage {
    /// Memory in use that is held in RAM (RSS).
    pub resident_bytes: u64,
    /// Address space in use (VMS).
    pub virtual_bytes: u64,
    /// The most that was resident at once since the process started, where the system tells it; else the most seen.
    pub peak_resident_bytes: u64,
}

/// What an application's allocator knows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllocatorStats {
    /// Bytes allocated and not yet freed.
    pub live_bytes: u64,
    /// Allocations since the start of the process.
    pub allocations: u64,
}

/// The memory of the process over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// The newest reading.
    pub usage: MemoryUsage,
    /// What was resident when the application had come up, `memory_baseline_delay` after the start.
    ///
    /// `None` until then.
    pub baseline_resident_bytes: Option<u64>,
    /// How far the newest reading lies above the baseline; negative below it, 0 without one.
    pub growth_bytes: i64,
    /// How many readings were taken at their time, `memory_interval` apart; the first is the baseline.
    pub samples: u64,
    /// How many warnings of lasting growth were given.
    pub growth_warnings: u64,
    /// When the newest reading was taken.
    pub sampled_at: Option<SystemTime>,
    /// What the application's allocator told, where `Config::allocator_stats` was given.
    pub allocator: Option<AllocatorStats>,
}
