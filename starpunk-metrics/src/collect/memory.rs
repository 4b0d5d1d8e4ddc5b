//! Watches the memory of the process: a reading every interval, a baseline, and a warning when growth lasts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::config::Config;
use crate::model::memory::{AllocatorStats, MemoryStats, MemoryUsage};

/// Growth above the baseline that is worth a warning, and each further step of it.
const GROWTH_STEP_BYTES: i64 = 10 * 1024 * 1024;

/// How many readings in a row must lie above a step before it counts: one large page cache is no leak.
const LASTING_SAMPLES: u32 = 3;

pub(crate) struct MemorySampler {
    source: Box<dyn FnMut() -> Option<MemoryUsage> + Send>,
    allocator: Option<fn() -> AllocatorStats>,
    interval: Duration,
    due: Instant,
    growth: GrowthWatch,
    stats: MemoryStats,
}

impl MemorySampler {
    /// `None` in test mode: memory is then not read.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        (!config.test_mode).then(|| Self::with_source(config, Box::new(process_memory())))
    }

    fn with_source(
        config: &Config,
        source: Box<dyn FnMut() -> Option<MemoryUsage> + Send>,
    ) -> Self {
        let now = Instant::now();
        Self {
            source,
            allocator: config.allocator_stats,
            interval: config.memory_interval,
            due: now.checked_add(config.memory_baseline_delay).unwrap_or(now),
            growth: GrowthWatch::default(),
            stats: MemoryStats::default(),
        }
    }

    /// A reading of this moment, for who asks; whether growth lasts is told by those at their time.
    pub(crate) fn stats(&mut self) -> MemoryStats {
        self.read();
        self.stats.clone()
    }

    pub(crate) fn sample_if_due(&mut self) {
        let now = Instant::now();
        if now >= self.due {
            // An interval beyond the end of time means: not again.
            self.due = now.checked_add(self.interval).unwrap_or(self.due);
            self.sample();
        }
    }

    fn sample(&mut self) {
        if !self.read() {
            return;
        }
        let stats = &mut self.stats;
        stats.samples += 1;
        let resident = stats.usage.resident_bytes;
        let baseline = *stats.baseline_resident_bytes.get_or_insert(resident);
        stats.growth_bytes = signed(resident) - signed(baseline);
        if self.growth.warns_at(stats.growth_bytes) {
            stats.growth_warnings += 1;
            tracing::warn!(
                target: "starpunk_metrics",
                growth_bytes = stats.growth_bytes,
                resident_bytes = resident,
                baseline_resident_bytes = baseline,
                "memory has grown by {} MB and stayed there",
                stats.growth_bytes / (1024 * 1024)
            );
        }
    }

    /// Reads the process and its allocator; `false` where this system does not tell.
    fn read(&mut self) -> bool {
        let Some(mut usage) = (self.source)() else {
            return false;
        };
        let stats = &mut self.stats;
        usage.peak_resident_bytes = usage
            .peak_resident_bytes
            .max(usage.resident_bytes)
            .max(stats.usage.peak_resident_bytes);
        stats.usage = usage;
        if let Some(baseline) = stats.baseline_resident_bytes {
            stats.growth_bytes = signed(usage.resident_bytes) - signed(baseline);
        }
        stats.sampled_at = Some(SystemTime::now());
        stats.allocator = self.allocator.and_then(|ask| {
            let answer = catch_unwind(AssertUnwindSafe(ask)).ok();
            if answer.is_none() {
                tracing::warn!(
                    target: "starpunk_metrics",
                    "`Config::allocator_stats` panicked and is not asked again"
                );
                self.allocator = None;
            }
            answer
        });
        true
    }
}

impl std::fmt::Debug for MemorySampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemorySampler")
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// Tells when growth has lasted: once above the first step, and once for each further one.
#[derive(Debug, Default)]
struct GrowthWatch {
    /// Steps that were warned of.
    steps: i64,
    /// Readings in a row above the next step.
    above: u32,
}

impl GrowthWatch {
    fn warns_at(&mut self, growth_bytes: i64) -> bool {
        if growth_bytes < GROWTH_STEP_BYTES / 2 {
            // Well below the first step: the growth was given back, and the next one is news again.
            self.steps = 0;
        }
        if growth_bytes <= (self.steps + 1) * GROWTH_STEP_BYTES {
            self.above = 0;
            return false;
        }
        self.above += 1;
        if self.above < LASTING_SAMPLES {
            return false;
        }
        self.above = 0;
        // A step is passed above its bound and not at it.
        self.steps = (growth_bytes - 1) / GROWTH_STEP_BYTES;
        true
    }
}

/// Reads RSS and VMS of this process, and its peak where the system keeps it.
fn process_memory() -> impl FnMut() -> Option<MemoryUsage> + Send {
    let mut system: Option<System> = None;
    move || {
        let pid = Pid::from_u32(std::process::id());
        let system = match &mut system {
            Some(system) => system,
            none => none.insert(System::new().ok()?),
        };
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[pid]),
            true,
            ProcessRefreshKind::nothing().with_memory().without_tasks(),
        );
        let process = system.process(pid)?;
        Some(MemoryUsage {
            resident_bytes: process.memory(),
            virtual_bytes: process.virtual_memory(),
            peak_resident_bytes: peak_resident_bytes().unwrap_or(0),
        })
    }
}

/// The high-water mark, which Linux keeps as `VmHWM` in kB (proc_pid_status(5)); elsewhere the most that was seen.
fn peak_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    const MB: u64 = 1024 * 1024;

    fn sampler(megabytes: &[u64]) -> MemorySampler {
        let mut readings: VecDeque<u64> = megabytes.iter().map(|mb| mb * MB).collect();
        let source = move || {
            Some(MemoryUsage {
                resident_bytes: readings.pop_front()?,
                ..MemoryUsage::default()
            })
        };
        MemorySampler::with_source(&Config::default(), Box::new(source))
    }

    fn warnings_after(megabytes: &[u64]) -> Vec<u64> {
        let mut sampler = sampler(megabytes);
        let warnings = megabytes.iter().map(|_| {
            sampler.sample();
            sampler.stats.growth_warnings
        });
        warnings.collect()
    }

    #[test]
    fn growth_is_told_against_the_first_reading() {
        let mut sampler = sampler(&[100, 130, 90]);
        sampler.sample();
        sampler.sample();
        assert_eq!(sampler.stats.baseline_resident_bytes, Some(100 * MB));
        assert_eq!(sampler.stats.growth_bytes, 30 * 1024 * 1024);
        sampler.sample();
        assert_eq!(sampler.stats.growth_bytes, -10 * 1024 * 1024);
        assert_eq!(sampler.stats.usage.peak_resident_bytes, 130 * MB);
        assert_eq!(sampler.stats.samples, 3);
    }

    #[test]
    fn asking_reads_at_once_and_leaves_baseline_and_warnings_alone() {
        let mut sampler = sampler(&[100, 120, 150, 150, 150, 150]);
        assert_eq!(sampler.stats().usage.resident_bytes, 100 * MB);
        assert_eq!(sampler.stats.baseline_resident_bytes, None);
        sampler.sample();
        for _ in 0..4 {
            assert_eq!(sampler.stats().growth_bytes, 30 * 1024 * 1024);
        }
        assert_eq!(sampler.stats.samples, 1);
        assert_eq!(sampler.stats.growth_warnings, 0);
    }

    #[test]
    fn growth_above_10_mb_warns_once_when_it_lasts_three_readings() {
        assert_eq!(
            warnings_after(&[50, 61, 61, 61, 61, 61]),
            [0, 0, 0, 1, 1, 1]
        );
    }

    #[test]
    fn exactly_10_mb_and_a_short_peak_are_no_reason_to_warn() {
        assert_eq!(warnings_after(&[50, 60, 60, 60, 60]), [0; 5]);
        assert_eq!(warnings_after(&[50, 90, 90, 51, 90, 90, 51]), [0; 7]);
    }

    #[test]
    fn each_further_10_mb_that_lasts_warns_once() {
        let warnings = warnings_after(&[50, 61, 61, 61, 71, 71, 71, 71, 95, 95, 95, 95]);
        assert_eq!(warnings, [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3]);
    }

    #[test]
    fn growth_that_was_given_back_is_news_again() {
        let warnings = warnings_after(&[50, 61, 61, 61, 50, 61, 61, 61]);
        assert_eq!(warnings, [0, 0, 0, 1, 1, 1, 1, 2]);
    }

    #[test]
    fn a_panicking_allocator_hook_is_asked_once() {
        let mut sampler = sampler(&[50, 50]);
        sampler.allocator = Some(|| panic!("the allocator has no numbers"));
        sampler.sample();
        assert!(sampler.allocator.is_none());
        sampler.sample();
        assert_eq!(sampler.stats.samples, 2);
    }

    #[test]
    fn this_process_has_memory() {
        let usage = process_memory()().expect("this system tells the memory of a process");
        assert!(usage.resident_bytes > 100_000);
        assert!(usage.virtual_bytes >= usage.resident_bytes);
    }
}
