//! Requests that nobody has any more: their memory is there for the next ones.

use std::sync::Arc;

use crate::model::client::Client;
use crate::model::ended_request::EndedRequest;

/// As many as there are traces: after a round of many requests so many give way at once.
const MAX_OVER: usize = 500;

/// Requests that are over, which nobody else has; `len() <= MAX_OVER`.
#[derive(Debug, Default)]
pub(crate) struct OverRequests(Vec<Arc<EndedRequest>>);

impl OverRequests {
    /// A request that can be shared.
    pub(crate) fn share(&mut self, request: EndedRequest) -> Arc<EndedRequest> {
        if let Some(mut shared) = self.0.pop()
            && let Some(over) = Arc::get_mut(&mut shared)
        {
            *over = request;
            return shared;
        }
        Arc::new(request)
    }

    /// Takes back what was let go of, unless somebody else still has it.
    pub(crate) fn give(&mut self, mut request: Arc<EndedRequest>) {
        if self.0.len() < MAX_OVER
            && let Some(over) = Arc::get_mut(&mut request)
        {
            over.client = Client::default();
            self.0.push(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::request_id::RequestId;

    fn request() -> EndedRequest {
        EndedRequest::new(RequestId::random(), None)
    }

    #[test]
    fn what_is_over_is_the_place_of_the_next_unless_somebody_has_it() {
        let mut over = OverRequests::default();
        let held = over.share(request());
        over.give(Arc::clone(&held));
        let other = over.share(request());
        assert!(!Arc::ptr_eq(&held, &other));
        let place = Arc::as_ptr(&held);
        over.give(held);
        let next = request();
        let id = next.id;
        let next = over.share(next);
        assert_eq!((Arc::as_ptr(&next), next.id), (place, id));
    }

    #[test]
    fn no_more_are_kept_than_there_is_a_use_for() {
        let mut over = OverRequests::default();
        for _ in 0..=MAX_OVER {
            over.give(Arc::new(request()));
        }
        assert_eq!(over.0.len(), MAX_OVER);
    }
}
