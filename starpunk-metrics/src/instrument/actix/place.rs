//! What the work of a request runs in, from the call of the service until its body is gone.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

use crate::instrument::actix::guard::RequestGuard;
use crate::instrument::actix::spares::{self, Spares};
use crate::model::clock::Ticks;
use crate::model::request::Request;
use crate::record::context::Context;

#[derive(Debug)]
pub(crate) enum Place {
    /// It has a record, which ends with this.
    Measured(Own),
    /// It has a record that others may still tell of.
    Shared(Shared),
    /// Nothing is recorded of it.
    Unmeasured(Box<Aside>),
    /// An outer `HttpMetrics` has entered it.
    Outside,
}

impl Place {
    /// Runs a part of the work that began at `began`.
    pub(crate) fn poll<R>(&mut self, began: Ticks, work: impl FnOnce() -> R) -> R {
        match self {
            Self::Measured(own) => match own.guard() {
                Some(guard) => guard.poll(began, work),
                None => work(),
            },
            Self::Shared(shared) => match shared.guard() {
                Some(mut guard) => guard.poll(began, work),
                None => work(),
            },
            Self::Unmeasured(aside) => aside.context.enter(work),
            Self::Outside => work(),
        }
    }

    /// Runs what is no part of its time.
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        match self {
            Self::Measured(own) => match own.guard() {
                Some(guard) => guard.enter(work),
                None => work(),
            },
            Self::Shared(shared) => match shared.guard() {
                Some(mut guard) => guard.enter(work),
                None => work(),
            },
            Self::Unmeasured(aside) => aside.context.enter(work),
            Self::Outside => work(),
        }
    }

    /// Looks at its record, where it has one that nobody else is looking at.
    pub(crate) fn with<R>(&mut self, look: impl FnOnce(&mut RequestGuard) -> R) -> Option<R> {
        match self {
            Self::Measured(own) => own.guard().map(look),
            Self::Shared(shared) => shared.guard().map(|mut guard| look(&mut guard)),
            Self::Unmeasured(_) | Self::Outside => None,
        }
    }

    /// Whether its statements are counted.
    pub(crate) fn counts(&self) -> bool {
        match self {
            Self::Measured(_) | Self::Shared(_) => true,
            Self::Unmeasured(aside) => aside.context.recorder.is_some(),
            Self::Outside => false,
        }
    }
}

/// What a request has that is not measured. The work may leave another one in its context.
#[derive(Debug)]
pub(crate) struct Aside {
    pub(crate) context: Context,
    pub(crate) request: Arc<Request>,
}

/// Where a record lies: large, and handed on often.
type Room = Box<Option<RequestGuard>>;

thread_local! {
    /// Those that are empty.
    static ROOMS: Spares<Room> = const { RefCell::new(Vec::new()) };
}

/// The usual case: one holder after another, the future and then the body. The last one ends the request.
#[derive(Debug)]
pub(crate) struct Own(Option<Room>);

impl Own {
    pub(crate) fn new(guard: RequestGuard) -> Self {
        let mut room = spares::take(&ROOMS).unwrap_or_default();
        *room = Some(guard);
        Self(Some(room))
    }

    /// Always there, until it is dropped.
    pub(crate) fn guard(&mut self) -> Option<&mut RequestGuard> {
        self.0.as_deref_mut()?.as_mut()
    }

    /// The same record, for several.
    pub(crate) fn share(mut self) -> Option<Shared> {
        let guard = self.0.as_deref_mut()?.take()?;
        Some(Shared(Rc::new(RefCell::new(guard))))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Some(mut room) = self.0.take() else {
            return;
        };
        // Ends the request, which may use this place for another one.
        drop(room.take());
        spares::give(&ROOMS, room);
    }
}

/// Whoever may still learn how a request ends where an inner service returned an error: that may be asked for its response more
/// than once. The last of them ends the request.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Rc<RefCell<RequestGuard>>);

impl Shared {
    /// `None` inside of a look, where one response is polled inside another: the outer one is measured.
    pub(crate) fn guard(&self) -> Option<RefMut<'_, RequestGuard>> {
        self.0.try_borrow_mut().ok()
    }
}
