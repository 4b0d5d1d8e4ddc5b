//! What the work of a request runs in, from the call of the service until its body is gone.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::LocalKey;

use crate::instrument::actix::guard::RequestGuard;
use crate::instrument::actix::spares::{self, Spares};
use crate::model::clock::Ticks;
use crate::model::request::Request;
use crate::record::context::Context;

#[derive(Debug)]
pub(crate) enum Place {
    /// It has a record, which ends with this.
    Measured(Own<RequestGuard>),
    /// It has a record that others may still tell of.
    Shared(Shared),
    /// Nothing is recorded of it.
    Unmeasured(Own<Context>),
    /// An outer `HttpMetrics` has entered it.
    Outside,
}

impl Place {
    /// Runs a part of the work that began at `began`.
    pub(crate) fn poll<R>(&mut self, began: Ticks, work: impl FnOnce() -> R) -> R {
        match self {
            Self::Measured(own) => match own.get() {
                Some(guard) => guard.poll(began, work),
                None => work(),
            },
            Self::Shared(shared) => match shared.guard() {
                Some(mut guard) => guard.poll(began, work),
                None => work(),
            },
            Self::Unmeasured(own) => match own.get() {
                Some(context) => context.enter(work),
                None => work(),
            },
            Self::Outside => work(),
        }
    }

    /// Runs what is no part of its time.
    pub(crate) fn enter<R>(&mut self, work: impl FnOnce() -> R) -> R {
        match self {
            Self::Measured(own) => match own.get() {
                Some(guard) => guard.enter(work),
                None => work(),
            },
            Self::Shared(shared) => match shared.guard() {
                Some(mut guard) => guard.enter(work),
                None => work(),
            },
            Self::Unmeasured(own) => match own.get() {
                Some(context) => context.enter(work),
                None => work(),
            },
            Self::Outside => work(),
        }
    }

    /// Looks at its record, where it has one that nobody else is looking at.
    pub(crate) fn with<R>(&mut self, look: impl FnOnce(&mut RequestGuard) -> R) -> Option<R> {
        match self {
            Self::Measured(own) => own.get().map(look),
            Self::Shared(shared) => shared.guard().map(|mut guard| look(&mut guard)),
            Self::Unmeasured(_) | Self::Outside => None,
        }
    }

    /// Whether its statements are counted.
    pub(crate) fn counts(&mut self) -> bool {
        match self {
            Self::Measured(_) | Self::Shared(_) => true,
            Self::Unmeasured(own) => own.get().is_some_and(|context| context.recorder.is_some()),
            Self::Outside => false,
        }
    }
}

/// What a worker has for one request after another, which leaves its thread no more than it must.
#[derive(Debug)]
pub(crate) struct Room<T> {
    /// The latest; others may still have it.
    request: Arc<Request>,
    /// Large, and handed on often, so it stays where it is.
    guest: Option<T>,
}

/// Whose rooms are used again.
pub(crate) trait Guest: Sized + 'static {
    /// Those rooms that are empty.
    fn rooms() -> &'static LocalKey<Spares<Box<Room<Self>>>>;
}

thread_local! {
    static GUARDS: Spares<Box<Room<RequestGuard>>> = const { RefCell::new(Vec::new()) };
    static CONTEXTS: Spares<Box<Room<Context>>> = const { RefCell::new(Vec::new()) };
}

impl Guest for RequestGuard {
    fn rooms() -> &'static LocalKey<Spares<Box<Room<Self>>>> {
        &GUARDS
    }
}

impl Guest for Context {
    fn rooms() -> &'static LocalKey<Spares<Box<Room<Self>>>> {
        &CONTEXTS
    }
}

impl<T: Guest> Room<T> {
    /// A room with this request in it, and no guest.
    fn of(request: Request) -> Box<Self> {
        let Some(mut room) = spares::take(T::rooms()) else {
            let request = Arc::new(request);
            return Box::new(Self {
                request,
                guest: None,
            });
        };
        match Arc::get_mut(&mut room.request) {
            Some(over) => *over = request,
            // Something still goes on for it elsewhere.
            None => room.request = Arc::new(request),
        }
        room
    }
}

/// The usual case: one holder after another, the future and then the body. The last one ends the request.
#[derive(Debug)]
pub(crate) struct Own<T: Guest>(Option<Box<Room<T>>>);

impl<T: Guest> Own<T> {
    pub(crate) fn new(request: Request, guest: impl FnOnce(&Arc<Request>) -> T) -> Self {
        let mut room = Room::of(request);
        room.guest = Some(guest(&room.request));
        Self(Some(room))
    }

    /// Always there, until it is dropped.
    pub(crate) fn get(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()?.guest.as_mut()
    }

    /// Its request: as well.
    pub(crate) fn request(&self) -> Option<&Arc<Request>> {
        self.0.as_deref().map(|room| &room.request)
    }
}

impl Own<RequestGuard> {
    /// The same record, for several.
    pub(crate) fn share(mut self) -> Option<Shared> {
        let guard = self.0.as_deref_mut()?.guest.take()?;
        Some(Shared(Rc::new(RefCell::new(guard))))
    }
}

impl<T: Guest> Drop for Own<T> {
    fn drop(&mut self) {
        let Some(mut room) = self.0.take() else {
            return;
        };
        // Ends the request, which may use rooms for others: only then it is there for one.
        room.guest = None;
        spares::give(T::rooms(), room);
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
