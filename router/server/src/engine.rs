//! Everything that belongs to one version of the supergraph. A reload makes a new one; requests and
//! subscriptions that are under way keep the one they began with.

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use souk_executor::Executor;
use souk_planner::{Credentials, Planner, Supergraph, SupergraphError};

use crate::config::RouterConfig;
use crate::operation::cache::OperationCache;
use crate::operation::prepare::Operation;
use crate::override_labels::Labels;
use crate::transports::{TransportFactory, TransportSetupError};

pub(crate) struct Engine {
    pub planner: Planner,
    pub schema: Arc<Valid<Schema>>,
    pub executor: Executor,
    pub operations: OperationCache<Operation>,
    /// What each operation asks for, when credentials make a difference to plans.
    pub asked: Option<OperationCache<Credentials>>,
    pub labels: Labels,
}

/// A supergraph that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum SupergraphLoadError {
    /// The text is not a supergraph schema.
    #[error("the supergraph schema is invalid: {0}")]
    Schema(#[from] SupergraphError),
    /// A subgraph cannot be reached by any transport.
    #[error(transparent)]
    Transport(#[from] TransportSetupError),
    /// Loading it hit a bug.
    #[error("loading the supergraph failed: {0}")]
    Panicked(String),
}

impl Engine {
    /// Reads the supergraph and makes the transports of its subgraphs. Takes its time; not for async threads.
    pub fn load(
        sdl: &str,
        factory: &dyn TransportFactory,
        config: &RouterConfig,
    ) -> Result<Engine, SupergraphLoadError> {
        let supergraph = Arc::new(Supergraph::parse(sdl)?);
        let subgraphs: Vec<_> = supergraph.subgraphs().collect();
        let names = subgraphs.iter().map(|subgraph| &*subgraph.name).collect();
        // No mistake for certain: another version of the supergraph may have it.
        for key in config.keys_of_unknown_subgraphs(&names) {
            tracing::warn!(key, "the supergraph has no subgraph of this name");
        }
        let mut transports = factory.transports(&supergraph, config)?;
        for subgraph in supergraph.subgraphs() {
            if transports.get(&subgraph.name).is_none() {
                return Err(TransportSetupError::new(&subgraph.name, "it has no transport").into());
            }
            let policy = config.include_subgraph_errors.policy(&subgraph.name);
            transports.set_error_policy(subgraph.name.clone(), policy.clone());
        }
        let schema = Arc::new(supergraph.api_schema().clone());
        let limit = config.supergraph.query_planning.cache.in_memory.limit;
        let is_protected =
            supergraph.has_protected_elements() && config.authorization.directives.enabled;
        Ok(Engine {
            labels: Labels::of(&supergraph, &config.override_labels),
            planner: Planner::new(supergraph),
            executor: Executor::new(transports, schema.clone()),
            schema,
            operations: OperationCache::new(limit),
            asked: is_protected.then(|| OperationCache::new(limit)),
        })
    }
}
