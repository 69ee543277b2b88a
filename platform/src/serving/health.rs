//! Liveness and readiness.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde_json::{Map, Value};

use crate::cache::Cache;
use crate::database::Database;

/// A part that takes longer than this to answer counts as down.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What must work before an instance should get requests.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(String, Check)>,
}

impl Readiness {
    /// Adds a part. `check` answers `Err` with a reason while the part is down.
    #[must_use]
    pub fn with<F>(mut self, name: impl Into<String>, check: F) -> Readiness
    where
        F: Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    {
        self.checks.push((name.into(), Arc::new(check)));
        self
    }

    /// Asks all parts at once. `Ok` when all work; else, and in both cases, an object with `"up"` or a reason for each.
    pub async fn ask(&self) -> Result<Value, Value> {
        let answers = self.checks.iter().map(|(name, check)| async move {
            let answer = match tokio::time::timeout(ANSWER_WITHIN, check()).await {
                Ok(answer) => answer,
                Err(_) => Err("does not answer in time".to_owned()),
            };
            (name.clone(), answer)
        });
        let mut ready = true;
        let mut parts = Map::new();
        for (name, answer) in join_all(answers).await {
            ready &= answer.is_ok();
            // The reason goes to the log: the page is open to everybody, and a reason may hold an address.
            if let Err(reason) = &answer {
                tracing::warn!(part = name, reason, "not ready");
            }
            parts.insert(
                name,
                Value::from(if answer.is_ok() { "up" } else { "down" }),
            );
        }
        if ready {
            Ok(Value::Object(parts))
        } else {
            Err(Value::Object(parts))
        }
    }
}

/// The check of a database: a connection from its pool answers a statement.
pub fn database_check(
    database: Database,
) -> impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static {
    move || {
        let database = database.clone();
        async move {
            let mut connection = database.get().await.map_err(|error| error.to_string())?;
            connection
                .batch_execute("SELECT 1")
                .await
                .map_err(|error| error.to_string())
        }
        .boxed()
    }
}

/// The check of the cache: it answers.
pub fn cache_check(
    cache: Arc<dyn Cache>,
) -> impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static {
    move || {
        let cache = cache.clone();
        async move {
            let answer = cache.get("readiness").await;
            answer.map(drop).map_err(|error| error.to_string())
        }
        .boxed()
    }
}
