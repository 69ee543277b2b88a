//! Synchronous calls from one subgraph to another: only where a buyer must learn the answer at once.

use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{ApiError, ErrorCode};
use crate::identity::Identity;

/// A GraphQL request to another subgraph.
#[derive(Debug, Clone)]
pub struct PeerRequest {
    /// The subgraph's name.
    pub subgraph: &'static str,
    /// The document.
    pub query: &'static str,
    /// Its variables, a JSON object.
    pub variables: Value,
    /// Who asks: the calling subgraph as [`Identity::Service`].
    pub identity: Identity,
    /// Ties the call to the client's request.
    pub correlation_id: String,
}

/// Carries a request to a subgraph in the same process or over HTTP.
#[async_trait]
pub trait PeerTransport: Send + Sync {
    /// The whole GraphQL response: `{"data": .., "errors": ..}`. `Err` when there is none.
    async fn execute(&self, request: PeerRequest) -> Result<Value, String>;
}

/// The other subgraphs, as one subgraph sees them.
#[derive(Clone)]
pub struct Peers {
    caller: &'static str,
    transport: Arc<dyn PeerTransport>,
}

/// Why a call to another subgraph gave no data.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It does not answer, or not sensibly. The call may or may not have had its effect; it is safe to repeat,
    /// because internal calls are idempotent.
    #[error("{subgraph} does not answer: {reason}")]
    Unavailable {
        /// Who was asked.
        subgraph: &'static str,
        /// What happened.
        reason: String,
    },
    /// It answered with an error.
    #[error("{subgraph} refused: {message}")]
    Refused {
        /// Who was asked.
        subgraph: &'static str,
        /// The code of the first error.
        code: ErrorCode,
        /// The message of the first error.
        message: String,
        /// The argument that the first error names, in the terms of the internal call.
        argument: Option<String>,
    },
}

impl From<PeerError> for ApiError {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::Unavailable { subgraph, reason } => {
                tracing::error!(subgraph, reason, "a subgraph does not answer");
                ApiError::new(
                    ErrorCode::Unavailable,
                    format!("the {subgraph} service does not answer; try again in a moment"),
                )
            }
            PeerError::Refused { code, message, .. } => ApiError::new(code, message),
        }
    }
}

impl Peers {
    /// Calls as `caller` through `transport`.
    pub fn new(caller: &'static str, transport: Arc<dyn PeerTransport>) -> Peers {
        Peers { caller, transport }
    }

    /// Sends `query` and reads the `data` of the answer into `T`.
    pub async fn query<T: DeserializeOwned>(
        &self,
        subgraph: &'static str,
        query: &'static str,
        variables: Value,
        correlation_id: &str,
    ) -> Result<T, PeerError> {
        let request = PeerRequest {
            subgraph,
            query,
            variables,
            identity: Identity::Service(self.caller.to_owned()),
            correlation_id: correlation_id.to_owned(),
        };
        let unavailable = |reason: String| PeerError::Unavailable { subgraph, reason };
        let mut response = self.transport.execute(request).await.map_err(unavailable)?;
        if let Some(error) = response.pointer("/errors/0") {
            let code = error
                .pointer("/extensions/code")
                .and_then(Value::as_str)
                .and_then(ErrorCode::parse);
            let message = error
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or("no message")
                .to_owned();
            return Err(match code {
                Some(code @ (ErrorCode::Internal | ErrorCode::Unavailable)) => {
                    unavailable(format!("{}: {message}", code.as_str()))
                }
                Some(code) => {
                    let argument = error
                        .pointer("/extensions/argument")
                        .and_then(Value::as_str)
                        .map(str::to_owned);
                    PeerError::Refused {
                        subgraph,
                        code,
                        message,
                        argument,
                    }
                }
                None => unavailable(message),
            });
        }
        let data = response
            .get_mut("data")
            .map(Value::take)
            .unwrap_or_default();
        serde_json::from_value(data)
            .map_err(|error| unavailable(format!("its answer has the wrong shape: {error}")))
    }
}
