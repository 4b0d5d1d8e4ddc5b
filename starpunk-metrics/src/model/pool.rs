//! Pools of connections: what each has now, and how long its users waited.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::model::clock::Ticks;
use crate::model::histogram::Histogram;
use crate::model::request_id::RequestId;

/// How many pools one pipeline tells apart.
const MAX_POOLS: usize = 32;

/// What a pool has now. Relaxed throughout: numbers of their own.
#[derive(Debug)]
pub(crate) struct PoolGauges {
    name: Box<str>,
    connections: AtomicU64,
    busy: AtomicU64,
}

impl PoolGauges {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            connections: AtomicU64::new(0),
            busy: AtomicU64::new(0),
        }
    }

    pub(crate) fn opened(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    pub(crate) fn taken(&self) {
        self.busy.fetch_add(1, Relaxed);
    }

    pub(crate) fn given_back(&self) {
        self.busy.fetch_sub(1, Relaxed);
    }
}

/// The pools of one pipeline, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Pools(Mutex<Vec<Arc<PoolGauges>>>);

impl Pools {
    /// The number of a pool; `None` where there are too many.
    pub(crate) fn number(&self, pool: &Arc<PoolGauges>) -> Option<u16> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pools.iter().position(|known| Arc::ptr_eq(known, pool));
        let at = match known {
            Some(at) => at,
            None if pools.len() < MAX_POOLS => {
                pools.push(Arc::clone(pool));
                pools.len() - 1
            }
            None => return None,
        };
        u16::try_from(at).ok()
    }

    /// The name of a pool.
    pub(crate) fn name(&self, number: u16) -> String {
        let pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = pools.get(usize::from(number));
        pool.map_or_else(String::new, |pool| pool.name.to_string())
    }

    fn all(&self) -> Vec<Arc<PoolGauges>> {
        let pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pools.clone()
    }
}

/// Something that happened to a user of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolUse {
    pub(crate) pool: u16,
    pub(crate) what: PoolEvent,
    /// When it was over.
    pub(crate) end: Ticks,
    pub(crate) request: Option<RequestId>,
    /// Its request had ended.
    pub(crate) late: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum PoolEvent {
    /// Got a connection after this time.
    Waited(Duration),
    /// Gave it back after this time.
    Used(Duration),
    /// Got none in this time.
    TimedOut(Duration),
}

/// A wait that is shorter is no part of a request's story.
const NOTABLE_WAIT: Duration = Duration::from_millis(1);

impl PoolUse {
    /// Whether somebody waited for a connection for so long that it is worth telling.
    pub(crate) fn is_notable_wait(self) -> bool {
        match self.what {
            PoolEvent::Waited(time) => time >= NOTABLE_WAIT,
            PoolEvent::TimedOut(_) => true,
            PoolEvent::Used(_) => false,
        }
    }

    pub(crate) fn duration(self) -> Duration {
        match self.what {
            PoolEvent::Waited(time) | PoolEvent::Used(time) | PoolEvent::TimedOut(time) => time,
        }
    }
}

/// What the users of one pool did. Sums, so they add up.
#[derive(Debug, Default)]
pub(crate) struct PoolSeries {
    wait: Histogram,
    wait_time: Duration,
    usage: Histogram,
    use_time: Duration,
    timeouts: u64,
}

impl PoolSeries {
    pub(crate) fn observe(&mut self, what: PoolEvent) {
        match what {
            PoolEvent::Waited(time) => {
                self.wait.record(time);
                self.wait_time += time;
            }
            PoolEvent::Used(time) => {
                self.usage.record(time);
                self.use_time += time;
            }
            PoolEvent::TimedOut(time) => {
                self.wait_time += time;
                self.timeouts += 1;
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.wait.merge(&other.wait);
        self.wait_time += other.wait_time;
        self.usage.merge(&other.usage);
        self.use_time += other.use_time;
        self.timeouts += other.timeouts;
    }
}

/// What one pool of connections has, and what its users did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolStats {
    /// The name it was given.
    pub name: String,
    /// Connections that are open now.
    pub connections: u64,
    /// Of those, the ones in use.
    pub busy: u64,
    /// How long it took to get one, where one was got.
    pub wait: Histogram,
    /// The time that its users waited, in vain or not.
    pub wait_time: Duration,
    /// How long its connections were kept.
    pub usage: Histogram,
    /// The sum of it.
    pub use_time: Duration,
    /// How many waited in vain.
    pub timeouts: u64,
}

impl PoolStats {
    /// Returns how many connections are open and not in use.
    pub fn idle(&self) -> u64 {
        self.connections.saturating_sub(self.busy)
    }

    pub(crate) fn of<'a>(
        pools: &Pools,
        series: impl Fn(usize) -> Option<&'a PoolSeries>,
    ) -> Vec<Self> {
        let empty = PoolSeries::default();
        let all = pools.all().into_iter().enumerate();
        all.map(|(number, pool)| {
            let series = series(number).unwrap_or(&empty);
            Self {
                name: pool.name.to_string(),
                connections: pool.connections.load(Relaxed),
                busy: pool.busy.load(Relaxed),
                wait: series.wait.clone(),
                wait_time: series.wait_time,
                usage: series.usage.clone(),
                use_time: series.use_time,
                timeouts: series.timeouts,
            }
        })
        .collect()
    }
}
