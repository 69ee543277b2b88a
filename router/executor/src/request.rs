//! What the executor is asked to do.

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;

use crate::errors::GraphQLError;
use crate::prepared::PreparedPlan;

/// A JSON object that keeps the order of its keys.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;

/// One operation of one client.
#[derive(Debug, Clone)]
pub struct ExecutionRequest {
    /// The plan of the operation.
    pub plan: Arc<PreparedPlan>,
    /// The document that the plan was made from. Introspection is answered from it.
    pub document: Arc<Valid<ExecutableDocument>>,
    /// The operation's name, when the document has several.
    pub operation_name: Option<String>,
    /// The variables after coercion (specification, section 6.1.2): defaults filled in, absent ones absent.
    pub variables: Arc<JsonMap>,
    /// What goes along to every subgraph.
    pub context: Arc<RequestContext>,
    /// Errors that are known before, such as for what the plan leaves out. They come first in each response.
    pub errors: Arc<[GraphQLError]>,
}

/// What goes along with a request to every subgraph.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// Headers for every subgraph request, among them identity, `traceparent` and correlation id.
    pub headers: http::HeaderMap,
    /// The same for in-process transports, as typed values.
    pub extensions: http::Extensions,
}
