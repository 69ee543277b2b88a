//! The way to one subgraph.

use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use futures::stream::BoxStream;

use crate::errors::GraphQLError;
use crate::observe::Observed;
use crate::policy::ErrorPolicy;
use crate::transport::{
    InputForm, SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError,
};

/// What a subgraph sends to a subscription.
pub(crate) type Events = BoxStream<'static, Result<SubgraphResponse, TransportError>>;

/// A subgraph's transport, what is measured of its requests, and what clients see of its errors.
pub(crate) struct Link {
    transport: Arc<dyn SubgraphTransport>,
    subgraph: Arc<str>,
    policy: Option<ErrorPolicy>,
    observed: Observed,
}

impl Link {
    /// A link over a transport. Without a policy clients see all of the subgraph's errors.
    pub fn new(
        subgraph: Arc<str>,
        transport: Arc<dyn SubgraphTransport>,
        policy: Option<ErrorPolicy>,
    ) -> Link {
        Link {
            transport,
            observed: Observed::new(subgraph.clone()),
            subgraph,
            policy,
        }
    }

    /// Takes out of this subgraph's errors what clients are not to see.
    pub fn redact(&self, errors: &mut [GraphQLError]) {
        if let Some(policy) = &self.policy {
            policy.apply(&self.subgraph, errors);
        }
    }

    /// Whether clients may learn the subgraph's name.
    pub fn may_be_named(&self) -> bool {
        self.policy.as_ref().is_none_or(ErrorPolicy::names_subgraph)
    }

    /// See [`SubgraphTransport::input_form`].
    pub fn input_form(&self) -> InputForm {
        self.transport.input_form()
    }

    /// See [`SubgraphTransport::address`].
    pub fn address(&self, kind: OperationType) -> Option<&str> {
        self.transport.address(kind)
    }

    /// Sends a request and measures how long it takes.
    pub async fn fetch(
        &self,
        request: SubgraphRequest,
    ) -> Result<SubgraphResponse, TransportError> {
        self.observed.measure(self.transport.fetch(request)).await
    }

    /// Opens a subscription and measures how long that takes.
    pub async fn subscribe(&self, request: SubgraphRequest) -> Result<Events, TransportError> {
        let opening = self.transport.subscribe(request);
        self.observed.measure(opening).await
    }
}

/// The error that a client sees for a subgraph that gave no usable response. Its name is in it unless the link's policy
/// keeps it from clients.
pub(crate) fn failure(subgraph: &str, link: Option<&Link>, error: &TransportError) -> GraphQLError {
    let message = match link.is_none_or(Link::may_be_named) {
        true => format!("request to subgraph '{subgraph}' failed: {error}"),
        false => format!("request to a subgraph failed: {error}"),
    };
    let failure = GraphQLError::new(message, error.code()).with_extension("service", subgraph);
    match error {
        TransportError::Status(status) => {
            failure.with_extension("http", serde_json::json!({ "status": status.as_u16() }))
        }
        _ => failure,
    }
}
