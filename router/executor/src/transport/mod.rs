//! How the executor talks to subgraphs.

mod answer;
mod cause;
mod client;
pub mod encoding;
mod event_stream;
pub mod http;
mod http1;
mod in_flight;
mod multipart;
mod streaming;
mod websocket;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderMap;
use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use souk_planner::plan::SubgraphOperation;

pub use self::cause::root_cause;
use crate::errors::GraphQLError;
use crate::policy::ErrorPolicy;
use crate::request::{JsonMap, RequestContext};
use crate::value::Value;

/// The way to one subgraph. Dropping a future or a stream must end what it has under way.
#[async_trait]
pub trait SubgraphTransport: Send + Sync + 'static {
    /// Sends a query or a mutation and returns the subgraph's response.
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError>;

    /// Opens a subscription; one response per event. The stream ends when the subgraph completes it. An `Err`
    /// item is the last one.
    async fn subscribe(
        &self,
        request: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError>;

    /// In which form this transport wants representations.
    fn input_form(&self) -> InputForm {
        InputForm::Json
    }

    /// Where operations of this kind are sent, for the log and nobody else: scheme, host and port, without credentials.
    /// `None` when the subgraph is in the same process.
    fn address(&self, _kind: OperationType) -> Option<&str> {
        None
    }
}

/// The form of representations in [`Variables`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputForm {
    /// JSON text, ready to be sent.
    Json,
    /// Values, for a subgraph in the same process.
    Values,
}

/// One request to one subgraph.
#[derive(Debug, Clone)]
pub struct SubgraphRequest {
    /// The subgraph's name in the supergraph.
    pub subgraph: Arc<str>,
    /// What to send. The same `Arc` for every request of a plan.
    pub operation: Arc<SubgraphOperation>,
    /// The operation's variables.
    pub variables: Variables,
    /// The client request's context.
    pub context: Arc<RequestContext>,
    /// What kind of operation the client sent. What a mutation reads is a query to the subgraph, but it has to see what the
    /// mutation did.
    pub client_operation: OperationType,
}

impl SubgraphRequest {
    /// The headers that go along with it.
    pub fn headers(&self) -> &HeaderMap {
        self.context.headers_for(&self.subgraph)
    }
}

/// The variables of a subgraph request: some of the client's, and the representations of entities.
#[derive(Debug, Clone)]
pub struct Variables {
    operation: Arc<SubgraphOperation>,
    client: Arc<JsonMap>,
    representations: Vec<(Name, Representations)>,
}

impl Variables {
    /// The client's variables that `operation` uses, and representations by variable name.
    pub fn new(
        operation: Arc<SubgraphOperation>,
        client: Arc<JsonMap>,
        representations: Vec<(Name, Representations)>,
    ) -> Variables {
        Variables {
            operation,
            client,
            representations,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.representations.is_empty() && self.client().next().is_none()
    }

    /// The client's variables that the operation uses and the client gave (or that have a default).
    pub fn client(&self) -> impl Iterator<Item = (&Name, &serde_json::Value)> {
        self.operation
            .variables
            .iter()
            .filter_map(|name| Some((name, self.client.get(name.as_str())?)))
    }

    /// The representations, by variable.
    pub fn representations(&self) -> &[(Name, Representations)] {
        &self.representations
    }

    /// Takes the representations out, by variable.
    pub fn take_representations(&mut self) -> Vec<(Name, Representations)> {
        std::mem::take(&mut self.representations)
    }

    /// Writes the variables as a JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut first = true;
        for (name, value) in self.client() {
            write_key(out, name, &mut first);
            // Writing a JSON value to a Vec cannot fail.
            let _ = serde_json::to_writer(&mut *out, value);
        }
        for (name, representations) in &self.representations {
            write_key(out, name, &mut first);
            match representations {
                Representations::Json(text) => out.extend_from_slice(text),
                Representations::Values(values) => {
                    let _ = serde_json::to_writer(&mut *out, values);
                }
            }
        }
        out.push(b'}');
    }
}

fn write_key(out: &mut Vec<u8>, name: &Name, first: &mut bool) {
    if !std::mem::take(first) {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// The value of one `[_Any!]!` variable.
#[derive(Debug, Clone)]
pub enum Representations {
    /// A JSON list.
    Json(Bytes),
    /// Its items.
    Values(Vec<serde_json::Value>),
}

impl Representations {
    /// The items, parsed when they are text.
    pub fn into_values(self) -> Vec<serde_json::Value> {
        match self {
            // The text was written by the executor, so it parses.
            Representations::Json(text) => serde_json::from_slice(&text).unwrap_or_default(),
            Representations::Values(values) => values,
        }
    }
}

/// What a subgraph answered.
#[derive(Debug, Clone)]
pub enum SubgraphResponse {
    /// The body of a GraphQL response as JSON text.
    Json(Bytes),
    /// A GraphQL response from the same process.
    Value {
        /// The `data` entry; `None` when the subgraph did not execute the operation.
        data: Option<Value>,
        /// The `errors` entry, with the subgraph's own paths.
        errors: Vec<GraphQLError>,
    },
}

/// Why a subgraph gave no GraphQL response. Messages never carry a subgraph's address.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum TransportError {
    /// No connection.
    #[error("could not reach the subgraph: {0}")]
    Connection(String),
    /// The connection broke before the response was complete, or the subgraph does not keep to its protocol.
    #[error("no complete response: {0}")]
    Interrupted(String),
    /// No complete response in time.
    #[error("no response within {0:?}")]
    Timeout(Duration),
    /// An HTTP status other than 2xx, and no GraphQL response with it.
    #[error("HTTP status {0}")]
    Status(::http::StatusCode),
    /// A body that is not a GraphQL response.
    #[error("{0}")]
    Malformed(String),
    /// A body longer than allowed, in bytes.
    #[error("response longer than {0} bytes")]
    TooLarge(usize),
    /// The subscription's WebSocket failed, or the subgraph broke its protocol.
    #[error("subscription failed: {0}")]
    WebSocket(String),
    /// This transport cannot do what was asked.
    #[error("{0}")]
    Unsupported(String),
}

impl TransportError {
    /// The `extensions.code` that a client sees.
    pub fn code(&self) -> &'static str {
        match self {
            TransportError::Connection(_)
            | TransportError::Interrupted(_)
            | TransportError::Status(_) => "SUBREQUEST_HTTP_ERROR",
            TransportError::Timeout(_) => "GATEWAY_TIMEOUT",
            TransportError::Malformed(_) | TransportError::TooLarge(_) => {
                "SUBREQUEST_MALFORMED_RESPONSE"
            }
            TransportError::WebSocket(_) => "SUBREQUEST_WEBSOCKET_ERROR",
            TransportError::Unsupported(_) => "SUBGRAPH_REQUEST_FAILED",
        }
    }
}

/// The transports of a supergraph, by subgraph name.
#[derive(Clone, Default)]
pub struct Transports {
    by_subgraph: HashMap<Arc<str>, Arc<dyn SubgraphTransport>>,
    error_policies: HashMap<Arc<str>, ErrorPolicy>,
}

impl Transports {
    /// No transports.
    pub fn new() -> Transports {
        Transports::default()
    }

    /// Sets the transport of one subgraph.
    pub fn insert(&mut self, subgraph: impl Into<Arc<str>>, transport: Arc<dyn SubgraphTransport>) {
        self.by_subgraph.insert(subgraph.into(), transport);
    }

    /// Sets what clients see of one subgraph's errors: everything, when it is not set.
    pub fn set_error_policy(&mut self, subgraph: impl Into<Arc<str>>, policy: ErrorPolicy) {
        self.error_policies.insert(subgraph.into(), policy);
    }

    /// What clients see of one subgraph's errors.
    pub fn error_policy(&self, subgraph: &str) -> Option<&ErrorPolicy> {
        self.error_policies.get(subgraph)
    }

    /// The transport of one subgraph.
    pub fn get(&self, subgraph: &str) -> Option<&Arc<dyn SubgraphTransport>> {
        self.by_subgraph.get(subgraph)
    }

    /// All of them, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<dyn SubgraphTransport>)> {
        self.by_subgraph.iter()
    }
}

impl IntoIterator for Transports {
    type Item = (Arc<str>, Arc<dyn SubgraphTransport>);
    type IntoIter = std::collections::hash_map::IntoIter<Arc<str>, Arc<dyn SubgraphTransport>>;

    fn into_iter(self) -> Self::IntoIter {
        self.by_subgraph.into_iter()
    }
}
