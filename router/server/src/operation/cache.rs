//! Keeps prepared operations, and prepares each only once however many requests ask for it at the same time.

use std::sync::Arc;

use moka::future::Cache;

use super::prepare::Operation;
use crate::error::GraphQLError;

/// Few documents that people write are longer.
const ORDINARY_BYTES: usize = 16 * 1024;

/// What a prepared operation is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OperationKey {
    pub query: String,
    pub operation_name: Option<String>,
    /// The labels of progressive overrides that are on, sorted.
    pub labels: Vec<Arc<str>>,
}

/// Prepared operations of one supergraph. Refused documents are not kept.
pub(crate) struct OperationCache {
    operations: Cache<Arc<OperationKey>, Arc<Operation>>,
}

impl OperationCache {
    /// A cache for so many operations of ordinary length. A longer document takes the room of several: otherwise a
    /// client could fill the memory with comments.
    pub fn new(limit: u64) -> OperationCache {
        let weigh = |key: &Arc<OperationKey>, _: &Arc<Operation>| {
            u32::try_from(1 + key.query.len() / ORDINARY_BYTES).unwrap_or(u32::MAX)
        };
        OperationCache {
            operations: Cache::builder().max_capacity(limit).weigher(weigh).build(),
        }
    }

    /// The operation, prepared by `prepare` if it is not there. Errors go to all who wait for the same operation.
    pub async fn get_or_prepare<F>(
        &self,
        key: OperationKey,
        prepare: impl FnOnce(Arc<OperationKey>) -> F,
    ) -> Result<Arc<Operation>, Vec<GraphQLError>>
    where
        F: Future<Output = Result<Arc<Operation>, Vec<GraphQLError>>>,
    {
        let key = Arc::new(key);
        if let Some(operation) = self.operations.get(&key).await {
            metrics::counter!("souk_router_plan_cache_hits_total").increment(1);
            return Ok(operation);
        }
        metrics::counter!("souk_router_plan_cache_misses_total").increment(1);
        let prepared = self
            .operations
            .try_get_with(key.clone(), prepare(key))
            .await;
        prepared.map_err(|errors| errors.as_ref().clone())
    }
}
