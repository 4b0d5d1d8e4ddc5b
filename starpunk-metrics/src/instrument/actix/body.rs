//! The body of a response: it counts what is written, and holds the record until the last byte.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use pin_project_lite::pin_project;

use crate::instrument::actix::guard::RequestGuard;
use crate::model::operation::Outcome;
use crate::record::context::Context;

pin_project! {
    /// The body of a measured response; its size and its bytes are those of the body inside.
    #[derive(Debug)]
    pub struct MeasuredBody<B> {
        #[pin]
        body: B,
        // `None` where nothing is measured.
        measure: Option<Measure>,
    }
}

#[derive(Debug)]
struct Measure {
    guard: RequestGuard,
    context: Context,
}

impl<B: MessageBody> MeasuredBody<B> {
    pub(crate) fn new(body: B, guard: Option<RequestGuard>) -> Self {
        let size = body.size();
        let measure = guard.map(|mut guard| {
            // These are never polled, or need not be: the response is whole with its head.
            if guard.is_head() || matches!(size, BodySize::None | BodySize::Sized(0)) {
                guard.completed();
            }
            Measure {
                context: guard.context(),
                guard,
            }
        });
        Self { body, measure }
    }
}

impl<B: MessageBody> MessageBody for MeasuredBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let Some(Measure { guard, context }) = this.measure else {
            return this.body.poll_next(cx);
        };
        let size = this.body.size();
        let before = guard.outcome();
        // A panic in this poll drops the guard; between two polls only the client can end the response.
        guard.set_outcome(Outcome::Panic);
        let polled = context.enter(|| this.body.poll_next(cx));
        guard.set_outcome(before);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                guard.wrote(chunk.len());
                if matches!(size, BodySize::Sized(length) if length == guard.response_bytes()) {
                    guard.completed();
                }
            }
            Poll::Ready(Some(Err(_))) => guard.set_outcome(Outcome::Error("body_error")),
            Poll::Ready(None) if before != Outcome::Error("body_error") => guard.completed(),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }
}
