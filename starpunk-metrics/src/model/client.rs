//! What a client said of its request, and what is made of it.

use std::sync::Arc;

use crate::model::client_request_id::ClientRequestId;
use crate::model::trace_parent::TraceParent;

/// What the client said of its request; most say nothing. A clone shares it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client(Option<Arc<Inbound>>);

/// What it said.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    pub(crate) client_request_id: Option<ClientRequestId>,
    /// The client is trusted: its id is ours.
    pub(crate) is_adopted: bool,
    pub(crate) trace_parent: Option<TraceParent>,
}

impl From<Inbound> for Client {
    fn from(inbound: Inbound) -> Self {
        Self(Some(Arc::new(inbound)))
    }
}

impl Client {
    /// What the client calls its request.
    pub(crate) fn request_id(&self) -> Option<&ClientRequestId> {
        self.0.as_ref()?.client_request_id.as_ref()
    }

    pub(crate) fn trace_parent(&self) -> Option<TraceParent> {
        self.0.as_ref()?.trace_parent
    }

    /// The client's id, where that stands for ours.
    pub(crate) fn adopted_id(&self) -> Option<&str> {
        let inbound = self.0.as_ref().filter(|inbound| inbound.is_adopted)?;
        inbound
            .client_request_id
            .as_ref()
            .map(ClientRequestId::as_str)
    }

    /// How many bytes of memory it holds elsewhere.
    pub(crate) fn memory(&self) -> usize {
        self.0.as_ref().map_or(0, |inbound| {
            let id = inbound.client_request_id.as_ref();
            size_of::<Inbound>() + id.map_or(0, |id| id.as_str().len())
        })
    }
}
