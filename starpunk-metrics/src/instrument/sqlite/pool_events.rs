//! What happens to a pool and to its users, as r2d2 tells it.

use std::sync::Arc;

use r2d2::event::{AcquireEvent, CheckinEvent, CheckoutEvent, ReleaseEvent, TimeoutEvent};

use crate::model::clock::Ticks;
use crate::model::event::Event;
use crate::model::pool::{PoolEvent, PoolGauges, PoolUse};
use crate::record::current;

/// An event handler for an `r2d2::Pool`: how long its users wait and keep a connection, how many wait in vain, and how many
/// connections it has.
///
/// ```
/// use starpunk_metrics::sqlite::{PoolEvents, SqliteManager};
///
/// let pool = r2d2::Pool::builder()
///     .max_size(2)
///     .event_handler(Box::new(PoolEvents::new("notes")))
///     .build(SqliteManager::memory())?;
/// # let _ = pool.get()?;
/// # Ok::<(), r2d2::Error>(())
/// ```
#[derive(Debug)]
pub struct PoolEvents {
    gauges: Arc<PoolGauges>,
}

impl PoolEvents {
    /// Tells of a pool by this name; up to 32 pools are told apart.
    pub fn new(name: &str) -> Self {
        Self {
            gauges: Arc::new(PoolGauges::new(name)),
        }
    }

    fn post(&self, what: PoolEvent) {
        current::with_current(|current| {
            if let Some(pool) = current.recorder.names.pools.number(&self.gauges) {
                current.post(Event::PoolUse(PoolUse {
                    pool,
                    what,
                    end: Ticks::now(),
                    request: current.request_id(),
                    late: current.is_late(),
                }));
            }
        });
    }
}

impl r2d2::HandleEvent for PoolEvents {
    fn handle_acquire(&self, _event: AcquireEvent) {
        self.gauges.opened();
    }

    fn handle_release(&self, _event: ReleaseEvent) {
        self.gauges.closed();
    }

    fn handle_checkout(&self, event: CheckoutEvent) {
        self.gauges.taken();
        self.post(PoolEvent::Waited(event.duration()));
    }

    fn handle_timeout(&self, event: TimeoutEvent) {
        self.post(PoolEvent::TimedOut(event.timeout()));
    }

    fn handle_checkin(&self, event: CheckinEvent) {
        self.gauges.given_back();
        self.post(PoolEvent::Used(event.duration()));
    }
}
