//! Batched loading: one statement for everything of a kind that an operation asks for, however long its lists.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use async_graphql::{Request, Response};
use async_trait::async_trait;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::database::{Connection, Database};
use crate::error::{ApiError, ApiResult};
use crate::subgraph::GraphqlService;

/// How often a batch lets the request's other resolvers run before it closes. Those of one level ask in one poll of
/// the request; the rest is for those that come from elsewhere.
const YIELDS: usize = 3;

/// Values by key, loaded together for all resolvers that ask at the same time.
///
/// The first that asks waits a few polls for others, loads for all, and wakes them all at once. So they go on side by
/// side, and what they ask for next is one batch again: the number of statements is the depth of the operation,
/// however long its lists. (Batches that hand over one by one lose this after some thirty.)
pub struct ByKey<K, V>
where
    K: Eq + Hash + Clone + Debug + Send + Sync,
    V: Clone + Send,
{
    database: Database,
    load: Box<LoadBatch<K, V>>,
    open: Mutex<Waiting<K, V>>,
}

type LoadBatch<K, V> =
    dyn Fn(Connection, Vec<K>) -> BoxFuture<'static, ApiResult<HashMap<K, V>>> + Send + Sync;

/// Who waits for which key.
type Waiting<K, V> = HashMap<K, Vec<oneshot::Sender<ApiResult<Option<V>>>>>;

/// The batch of the one that loads. When that one is dropped on the way, the others notice and ask again.
struct Lead<'a, K, V> {
    open: &'a Mutex<Waiting<K, V>>,
}

impl<K, V> Lead<'_, K, V> {
    fn close(&self) -> Waiting<K, V> {
        // A map of senders is whole even if another thread panicked while it held the lock.
        std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K, V> Drop for Lead<'_, K, V> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<K, V> ByKey<K, V>
where
    K: Eq + Hash + Clone + Debug + Send + Sync + 'static,
    V: Clone + Send + 'static,
{
    /// A loader whose batches `load` answers with the values that there are.
    pub fn new<F>(
        database: &Database,
        load: impl Fn(Connection, Vec<K>) -> F + Send + Sync + 'static,
    ) -> ByKey<K, V>
    where
        F: Future<Output = ApiResult<HashMap<K, V>>> + Send + 'static,
    {
        let load = Box::new(move |connection, keys| -> BoxFuture<'static, _> {
            Box::pin(load(connection, keys))
        });
        ByKey {
            database: database.clone(),
            load,
            open: Mutex::default(),
        }
    }

    /// The value of the key, `None` when there is none.
    pub async fn load(&self, key: K) -> ApiResult<Option<V>> {
        loop {
            let (sender, answer) = oneshot::channel();
            if self.join(key.clone(), sender) {
                self.lead().await;
            }
            if let Ok(value) = answer.await {
                return value;
            }
        }
    }

    /// Adds to the open batch. True for the first, who must lead it.
    fn join(&self, key: K, sender: oneshot::Sender<ApiResult<Option<V>>>) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let first = open.is_empty();
        open.entry(key).or_default().push(sender);
        first
    }

    async fn lead(&self) {
        let lead = Lead { open: &self.open };
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
        }
        let batch = lead.close();
        // From here on others may open and lead the next batch.
        std::mem::forget(lead);
        let keys = batch.keys().cloned().collect();
        let loaded = match self.database.get().await {
            Ok(connection) => (self.load)(connection, keys).await,
            Err(error) => Err(ApiError::from(error)),
        };
        for (key, senders) in batch {
            let value = match &loaded {
                Ok(values) => Ok(values.get(&key).cloned()),
                Err(error) => Err(error.clone()),
            };
            for sender in senders {
                // Whoever no longer waits needs no answer.
                let _ = sender.send(value.clone());
            }
        }
    }
}

/// Rows as a map by their key.
pub fn by_key<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, V> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

/// Rows as lists by their key, in the order of the rows.
pub fn grouped_by<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

/// A schema that gives every request its own loaders `L` as context data, so that no request waits for the batch of
/// another and none sees what another loaded.
///
/// It stands around the schema and is no extension of it: with any extension, async-graphql takes a far slower way
/// through every field.
pub struct PerRequest<S, M> {
    schema: S,
    make: M,
}

impl<S, M> PerRequest<S, M> {
    /// The schema, with loaders made by `make`.
    pub fn new<L>(schema: S, make: M) -> PerRequest<S, M>
    where
        M: Fn() -> L,
        L: Send + Sync + 'static,
    {
        PerRequest { schema, make }
    }
}

#[async_trait]
impl<S, M, L> GraphqlService for PerRequest<S, M>
where
    S: GraphqlService,
    M: Fn() -> L + Send + Sync,
    L: Send + Sync + 'static,
{
    async fn execute(&self, request: Request) -> Response {
        self.schema.execute(request.data((self.make)())).await
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.execute_stream(request.data((self.make)()))
    }

    fn sdl(&self) -> String {
        self.schema.sdl()
    }
}
