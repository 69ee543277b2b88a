//! Keeps prepared operations, and prepares each only once however many requests ask for it at the same time.

use std::sync::Arc;

use moka::future::Cache;

use souk_planner::Credentials;

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
    /// What the client shows of the credentials that the operation asks for; `None` where nobody looks at them.
    pub credentials: Option<Credentials>,
}

/// Why an operation could not be prepared.
#[derive(Debug)]
pub(crate) struct Failure {
    pub errors: Vec<GraphQLError>,
    /// Whether it is the planner that refused it. To find that out may take as long as planning may take, and would come
    /// to the same the next time.
    pub by_planner: bool,
}

impl From<Vec<GraphQLError>> for Failure {
    fn from(errors: Vec<GraphQLError>) -> Failure {
        Failure {
            errors,
            by_planner: false,
        }
    }
}

/// What was made of an operation, or why the planner refused it.
type Kept<T> = Result<Arc<T>, Arc<Vec<GraphQLError>>>;

/// What was made of the operations of one supergraph, and those that the planner refused. What is refused sooner is not
/// kept.
pub(crate) struct OperationCache<T> {
    operations: Cache<Arc<OperationKey>, Kept<T>>,
}

impl<T: Send + Sync + 'static> OperationCache<T> {
    /// A cache for so many operations of ordinary length. A longer document takes the room of several: otherwise a
    /// client could fill the memory with comments.
    pub fn new(limit: u64) -> OperationCache<T> {
        let weigh = |key: &Arc<OperationKey>, _: &Kept<T>| {
            u32::try_from(1 + key.query.len() / ORDINARY_BYTES).unwrap_or(u32::MAX)
        };
        OperationCache {
            operations: Cache::builder().max_capacity(limit).weigher(weigh).build(),
        }
    }

    /// What was made of the operation, by `prepare` if it is not there, and whether it was there. Errors go to all who wait
    /// for the same operation.
    pub async fn get_or_prepare<F>(
        &self,
        key: OperationKey,
        prepare: impl FnOnce(Arc<OperationKey>) -> F,
    ) -> (Result<Arc<T>, Vec<GraphQLError>>, bool)
    where
        F: Future<Output = Result<Arc<T>, Failure>>,
    {
        let key = Arc::new(key);
        let known = self.operations.get(&key).await;
        let is_known = known.is_some();
        let kept = if let Some(kept) = known {
            kept
        } else {
            let prepared = prepare(key.clone());
            let to_keep = async {
                match prepared.await {
                    Ok(operation) => Ok(Ok(operation)),
                    Err(failure) if failure.by_planner => Ok(Err(Arc::new(failure.errors))),
                    Err(failure) => Err(failure.errors),
                }
            };
            let prepared = self.operations.try_get_with(key, to_keep).await;
            prepared.unwrap_or_else(Err)
        };
        (kept.map_err(|errors| errors.as_ref().clone()), is_known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often an operation is prepared when it is asked for three times, and fails so.
    async fn attempts(by_planner: bool) -> usize {
        let cache: OperationCache<()> = OperationCache::new(10);
        let mut attempts = 0;
        for _ in 0..3 {
            let key = OperationKey {
                query: "{ a }".to_owned(),
                operation_name: None,
                labels: Vec::new(),
                credentials: None,
            };
            let prepared = cache.get_or_prepare(key, |_| {
                attempts += 1;
                let errors = vec![GraphQLError::new("no", "NO")];
                std::future::ready(Err(Failure { errors, by_planner }))
            });
            let (prepared, _) = prepared.await;
            assert_eq!(prepared.unwrap_err()[0].message, "no");
        }
        attempts
    }

    #[tokio::test]
    async fn what_the_planner_refuses_is_refused_again_without_planning() {
        assert_eq!(attempts(true).await, 1);
    }

    #[tokio::test]
    async fn what_is_refused_before_planning_takes_no_room() {
        assert_eq!(attempts(false).await, 3);
    }
}
