//! What the shapes need to run: a way to drive a future, one that is not ready at once, and a list of what happened.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{pin, Pin};
use std::task::{Context, Poll, Waker};

/// Polls until it is ready; what is polled here wakes nobody.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Polls once, and drops it then: what was not ready is cancelled.
pub(crate) fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Is ready at the second poll.
pub(crate) fn pause() -> Pause {
    Pause { is_over: false }
}

/// See [`pause`].
pub(crate) struct Pause {
    is_over: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.is_over, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// Tells whether a future may go to another thread: it compiles only where it may.
pub(crate) fn assert_send<T: Send>(value: T) -> T {
    value
}

thread_local! {
    static NOTES: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Writes down that this was reached.
pub(crate) fn note(what: &'static str) {
    NOTES.with_borrow_mut(|notes| notes.push(what));
}

/// Takes what was written down on this thread.
pub(crate) fn notes() -> String {
    NOTES.take().join(" ")
}

/// Notes its name when it is dropped.
pub(crate) struct Loud(pub(crate) &'static str);

impl Loud {
    /// What it notes.
    pub(crate) fn name(&self) -> &'static str {
        self.0
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        note(self.0);
    }
}
