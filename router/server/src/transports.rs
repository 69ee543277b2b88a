//! How the router reaches the subgraphs of a supergraph.

use std::sync::{Arc, Mutex, PoisonError};

use souk_executor::Transports;
use souk_executor::transport::http::{
    HttpClient, HttpClientConfig, HttpSetupError, HttpTransport, HttpTransportConfig,
};
use souk_planner::Supergraph;

use crate::config::RouterConfig;

/// Makes the transports for a supergraph. Asked again whenever the supergraph is reloaded.
pub trait TransportFactory: Send + Sync + 'static {
    /// A transport for every subgraph.
    fn transports(
        &self,
        supergraph: &Supergraph,
        config: &RouterConfig,
    ) -> Result<Transports, TransportSetupError>;
}

impl<F> TransportFactory for F
where
    F: Fn(&Supergraph, &RouterConfig) -> Result<Transports, TransportSetupError>
        + Send
        + Sync
        + 'static,
{
    fn transports(
        &self,
        supergraph: &Supergraph,
        config: &RouterConfig,
    ) -> Result<Transports, TransportSetupError> {
        self(supergraph, config)
    }
}

/// The same transports for every version of the supergraph.
impl TransportFactory for Transports {
    fn transports(
        &self,
        _: &Supergraph,
        _: &RouterConfig,
    ) -> Result<Transports, TransportSetupError> {
        Ok(self.clone())
    }
}

/// A subgraph that no transport can be made for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the subgraph \"{subgraph}\" cannot be reached: {reason}")]
pub struct TransportSetupError {
    subgraph: String,
    reason: String,
}

impl TransportSetupError {
    /// Which subgraph, and why.
    pub fn new(subgraph: &str, reason: impl Into<String>) -> TransportSetupError {
        TransportSetupError {
            subgraph: subgraph.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Every subgraph over HTTP, at the URL in the supergraph or in `override_subgraph_url`. Those that are reached in the
/// same way share one pool of connections, which outlives reloads.
#[derive(Default)]
pub struct HttpTransports {
    clients: Mutex<Vec<(HttpClientConfig, HttpClient)>>,
}

impl HttpTransports {
    /// Without connections.
    pub fn new() -> HttpTransports {
        HttpTransports::default()
    }

    fn client(&self, config: HttpClientConfig) -> Result<HttpClient, HttpSetupError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == config) {
            return Ok(client.clone());
        }
        let client = HttpClient::new(&config)?;
        clients.push((config, client.clone()));
        Ok(client)
    }

    fn transport(
        &self,
        name: &str,
        url: &str,
        config: &RouterConfig,
    ) -> Result<HttpTransport, HttpSetupError> {
        let traffic = &config.traffic_shaping;
        let client = self.client(HttpClientConfig {
            http_version: traffic.http_version(name),
            tls: config.tls.subgraph.of(name),
            ..HttpClientConfig::default()
        })?;
        let passthrough = &config.subscription.mode.passthrough;
        let settings = HttpTransportConfig {
            request_timeout: traffic.subgraph_timeout(name),
            deduplicate_queries: traffic.deduplicates_queries(name),
            compression: traffic.compression(name),
            subscription_url: passthrough.url(name, url),
            subscription_protocol: passthrough.protocol(name).into(),
            ..HttpTransportConfig::new(url)
        };
        HttpTransport::new(client, &settings)
    }
}

impl TransportFactory for HttpTransports {
    fn transports(
        &self,
        supergraph: &Supergraph,
        config: &RouterConfig,
    ) -> Result<Transports, TransportSetupError> {
        let mut transports = Transports::new();
        for subgraph in supergraph.subgraphs() {
            let name = subgraph.name.as_ref();
            let overridden = config.override_subgraph_url.get(name);
            let url = overridden.map_or(subgraph.url.as_str(), |url| url.0.as_str());
            if url.is_empty() {
                let reason =
                    "it has no URL, neither in the supergraph nor under override_subgraph_url";
                return Err(TransportSetupError::new(name, reason));
            }
            let transport = self
                .transport(name, url, config)
                .map_err(|error| TransportSetupError::new(name, error.to_string()))?;
            transports.insert(name, Arc::new(transport));
        }
        Ok(transports)
    }
}
