//! What the embedding program adds to a request.

use async_trait::async_trait;
use http::request::Parts;
use serde_json::{Map, Value};
use souk_executor::RequestContext;

use crate::error::GraphQLError;

/// Called for every operation after its token has been verified and before it is planned, and once when a client
/// opens a WebSocket, to decide whether it may.
#[async_trait]
pub trait RequestHook: Send + Sync + 'static {
    /// Fills the context that subgraphs get, which has the propagated headers and the correlation id already: sets what no
    /// client may, and takes out what nobody should get from one.
    ///
    /// `request` is the HTTP request; over a WebSocket, the upgrade request with the `connection_init` payload's
    /// texts as further headers. `claims` are the token's, `None` when the client is anonymous. An error refuses
    /// the operation.
    async fn prepare(
        &self,
        request: &Parts,
        claims: Option<&Map<String, Value>>,
        context: &mut RequestContext,
    ) -> Result<(), GraphQLError>;
}
