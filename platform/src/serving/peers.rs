//! How a subgraph reaches another one: inside the process, or over HTTP.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_graphql::{Request, Variables};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::execute;
use crate::client;
use crate::identity::{CORRELATION_HEADER, IDENTITY_HEADER, InternalSigner};
use crate::peers::{PeerRequest, PeerTransport};
use crate::subgraph::GraphqlService;

/// How long a subgraph waits for another one. The caller's own client waits too.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Subgraphs of this process. They are mounted after they are built, because each is built with a way to the others.
#[derive(Clone, Default)]
pub struct LocalTransport {
    mounted: Arc<RwLock<HashMap<&'static str, Arc<dyn GraphqlService>>>>,
}

impl LocalTransport {
    /// Makes a subgraph reachable for the others, in place of one of the same name.
    pub fn mount(&self, subgraph: &'static str, service: Arc<dyn GraphqlService>) {
        self.mounted
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(subgraph, service);
    }
}

#[async_trait]
impl PeerTransport for LocalTransport {
    async fn execute(&self, request: PeerRequest) -> Result<Value, String> {
        let service = self
            .mounted
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(request.subgraph)
            .cloned();
        let Some(service) = service else {
            return Err(format!(
                "no subgraph {} runs in this process",
                request.subgraph
            ));
        };
        let graphql =
            Request::new(request.query).variables(Variables::from_json(request.variables));
        let answer = execute(
            &*service,
            request.subgraph,
            request.identity,
            &request.correlation_id,
            graphql,
        );
        let response = tokio::time::timeout(ANSWER_WITHIN, answer)
            .await
            .map_err(|_| "no answer in time".to_owned())?;
        serde_json::to_value(response).map_err(|error| error.to_string())
    }
}

/// Subgraphs in other processes.
#[derive(Clone)]
pub struct HttpTransport {
    addresses: HashMap<String, String>,
    signer: InternalSigner,
    client: reqwest::Client,
}

impl HttpTransport {
    /// Reaches each subgraph at its GraphQL address (`http://host:port/graphql`), by name. The error is a sentence.
    pub fn new(
        addresses: HashMap<String, String>,
        signer: InternalSigner,
    ) -> Result<HttpTransport, String> {
        let client = client::for_addresses(addresses.values().map(String::as_str), ANSWER_WITHIN)?;
        Ok(HttpTransport {
            addresses,
            signer,
            client,
        })
    }
}

#[async_trait]
impl PeerTransport for HttpTransport {
    async fn execute(&self, request: PeerRequest) -> Result<Value, String> {
        let Some(address) = self.addresses.get(request.subgraph) else {
            return Err(format!(
                "the address of {} is not configured",
                request.subgraph
            ));
        };
        let identity = self
            .signer
            .sign(&request.identity)
            .map_err(|error| error.message)?;
        let response = self
            .client
            .post(address)
            .header(IDENTITY_HEADER, identity)
            .header(CORRELATION_HEADER, &request.correlation_id)
            .json(&json!({ "query": request.query, "variables": request.variables }))
            .send()
            .await
            .map_err(|error| client::causes(&error.without_url()))?;
        // Refusals have a GraphQL body too, so the status alone does not decide.
        let status = response.status();
        response
            .json()
            .await
            .map_err(|_| format!("answered with HTTP status {status} and no GraphQL response"))
    }
}
