//! The body of a response: it counts what is written, and holds the record until the last byte.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use pin_project_lite::pin_project;

use crate::instrument::actix::guard::{Holder, RequestGuard};
use crate::model::clock::Ticks;

pin_project! {
    /// The body of a measured response; its size and its bytes are those of the body inside.
    #[derive(Debug)]
    pub struct MeasuredBody<B> {
        // `None` once it was dropped.
        #[pin]
        body: Option<B>,
        // `None` where nothing is measured.
        holder: Option<Holder>,
    }

    impl<B> PinnedDrop for MeasuredBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What a body records while it is dropped is still of its request.
            if let Some(holder) = this.holder {
                holder.enter(|| this.body.set(None));
            }
        }
    }
}

impl<B: MessageBody> MeasuredBody<B> {
    pub(crate) fn new(body: B, holder: Option<Holder>) -> Self {
        let size = body.size();
        if let Some(holder) = &holder {
            holder.with(|guard| {
                // These are never polled, or need not be: the response is whole with its head.
                if guard.is_head() || matches!(size, BodySize::None | BodySize::Sized(0)) {
                    guard.completed();
                }
            });
        }
        Self {
            body: Some(body),
            holder,
        }
    }
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
        let Some(mut body) = this.body.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let polled = this
            .holder
            .as_ref()
            .and_then(|holder| holder.with(|guard| poll_measured(body.as_mut(), cx, guard)));
        polled.unwrap_or_else(|| body.poll_next(cx))
    }
}

fn poll_measured<B: MessageBody>(
    mut body: Pin<&mut B>,
    cx: &mut TaskContext<'_>,
    guard: &mut RequestGuard,
) -> Poll<Option<Result<Bytes, B::Error>>> {
    if guard.is_whole() {
        // There is nothing more to learn of it.
        return guard.enter(|| body.poll_next(cx));
    }
    let size = body.size();
    let polled = guard.poll(Ticks::now(), || {
        catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_next(cx)))
    });
    let polled = polled.unwrap_or_else(|panic| {
        guard.panicked();
        resume_unwind(panic)
    });
    match &polled {
        Poll::Ready(Some(Ok(chunk))) => {
            guard.wrote(chunk.len());
            if matches!(size, BodySize::Sized(length) if length == guard.response_bytes()) {
                guard.completed();
            }
        }
        Poll::Ready(Some(Err(_))) => guard.broke_off(),
        Poll::Ready(None) => guard.completed(),
        Poll::Pending => {}
    }
    polled
}
