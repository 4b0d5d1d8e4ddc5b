//! The body of a response: it counts what is written, and holds the record until the last byte.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use pin_project_lite::pin_project;

use crate::instrument::actix::guard::{Head, RequestGuard};
use crate::instrument::actix::place::{Place, Shared};
use crate::model::clock::Ticks;

pin_project! {
    /// The body of a measured response; its size and its bytes are those of the body inside.
    #[derive(Debug)]
    pub struct MeasuredBody<B> {
        // `None` once it was dropped.
        #[pin]
        body: Option<B>,
        // What it said of itself when it was sent; what is left of it may be less.
        size: BodySize,
        place: Place,
    }

    impl<B> PinnedDrop for MeasuredBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What a body records while it is dropped is still of its request.
            if this.body.is_some() {
                this.place.enter(|| this.body.set(None));
            }
        }
    }
}

impl<B: MessageBody> MeasuredBody<B> {
    pub(crate) fn new(body: B, mut place: Place) -> Self {
        let size = body.size();
        place.with(|guard| begin(guard, size));
        Self {
            body: Some(body),
            size,
            place,
        }
    }
}

/// These are never polled, or need not be: the response is whole with its head.
fn begin(guard: &mut RequestGuard, size: BodySize) {
    if guard.is_head() || is_empty(size) {
        guard.completed();
    }
}

fn is_empty(size: BodySize) -> bool {
    matches!(size, BodySize::None | BodySize::Sized(0))
}

impl<B: MessageBody> MessageBody for MeasuredBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        let body = self.body.as_ref();
        body.map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let (body, size) = (this.body, *this.size);
        if body.is_none() {
            return Poll::Ready(None);
        }
        match this.place {
            Place::Measured(own) => {
                if let Some(guard) = own.get() {
                    return poll_measured(body, size, cx, guard);
                }
            }
            Place::Shared(shared) => {
                if let Some(mut guard) = shared.guard() {
                    return poll_measured(body, size, cx, &mut guard);
                }
            }
            Place::Unmeasured(own) => {
                if let Some(context) = own.get() {
                    return context.enter(|| poll_to_end(body, cx));
                }
            }
            Place::Outside => {}
        }
        poll(body, cx)
    }
}

#[inline]
fn poll<B: MessageBody>(
    body: Pin<&mut Option<B>>,
    cx: &mut TaskContext<'_>,
) -> Poll<Option<Result<Bytes, B::Error>>> {
    match body.as_pin_mut() {
        Some(body) => body.poll_next(cx),
        None => Poll::Ready(None),
    }
}

/// Polls it, and drops it once it is done, so that its request need not be entered again for that.
#[inline]
fn poll_to_end<B: MessageBody>(
    mut body: Pin<&mut Option<B>>,
    cx: &mut TaskContext<'_>,
) -> Poll<Option<Result<Bytes, B::Error>>> {
    let polled = poll(body.as_mut(), cx);
    if matches!(polled, Poll::Ready(None)) {
        body.set(None);
    }
    polled
}

fn poll_measured<B: MessageBody>(
    body: Pin<&mut Option<B>>,
    size: BodySize,
    cx: &mut TaskContext<'_>,
    guard: &mut RequestGuard,
) -> Poll<Option<Result<Bytes, B::Error>>> {
    // Its time is over when it is whole. But it can still fail, and then actix drops what it has not sent yet.
    let polled = if guard.is_whole() {
        guard.enter(|| catch_unwind(AssertUnwindSafe(|| poll_to_end(body, cx))))
    } else {
        guard.poll(Ticks::now(), || {
            catch_unwind(AssertUnwindSafe(|| poll(body, cx)))
        })
    };
    let polled = polled.unwrap_or_else(|panic| {
        guard.panicked();
        resume_unwind(panic)
    });
    match &polled {
        Poll::Ready(Some(Ok(chunk))) => guard.wrote(chunk.len(), size),
        Poll::Ready(Some(Err(_))) => guard.broke_off(),
        Poll::Ready(None) => guard.ended(size),
        Poll::Pending => {}
    }
    if !guard.is_whole() {
        // For more of the body, or for the client that reads what there is.
        guard.waits();
    }
    polled
}

pin_project! {
    /// The body of a response that was made of an error. Several may be made; the one that is sent is what the request ends with.
    #[derive(Debug)]
    pub(crate) struct ErrorBody {
        #[pin]
        body: MeasuredBody<BoxBody>,
        // `None` once it was told.
        head: Option<Head>,
    }

    impl PinnedDrop for ErrorBody {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // Nobody polls what is empty, so it may have been sent; the last one was.
            let is_sent = |guard: &mut RequestGuard| guard.is_head() || is_empty(this.body.size);
            tell(&this.body, this.head, is_sent);
        }
    }
}

impl ErrorBody {
    pub(crate) fn new(body: BoxBody, head: Head, shared: Shared) -> Self {
        let size = body.size();
        let body = MeasuredBody {
            body: Some(body),
            size,
            place: Place::Shared(shared),
        };
        Self {
            body,
            head: Some(head),
        }
    }
}

impl MessageBody for ErrorBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        tell(&this.body, this.head, |_| true);
        this.body.poll_next(cx)
    }
}

/// Makes this the response of the request, once, if it is sent.
fn tell(
    body: &MeasuredBody<BoxBody>,
    head: &mut Option<Head>,
    is_sent: impl FnOnce(&mut RequestGuard) -> bool,
) {
    let (Some(head), Place::Shared(shared)) = (head.take(), &body.place) else {
        return;
    };
    if let Some(mut guard) = shared.guard()
        && is_sent(&mut guard)
    {
        guard.responded(head);
        begin(&mut guard, body.size);
    }
}
