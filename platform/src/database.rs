//! Connections to a subgraph's database.

mod prepared;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::InstrumentationEvent;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures::FutureExt;

pub use self::prepared::{Prepared, prepared};
use crate::error::ApiError;

/// A pooled connection. Give it back soon: a resolver holds one for a statement or a transaction, not longer.
pub type Connection = Object<AsyncPgConnection>;

/// How long a request waits for a free connection before it is refused with `UNAVAILABLE`.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(15);

tokio::task_local! {
    /// How many statements the request has sent that runs in this task.
    static OF_REQUEST: Cell<u64>;
}

/// The pool of one subgraph's database.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    url: Arc<str>,
    statements: Arc<AtomicU64>,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The pool's settings are wrong.
    #[error("cannot make a pool of database connections: {0}")]
    Pool(String),
    /// No connection within the time.
    #[error("no database connection: {0}")]
    Connection(String),
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        ApiError::database_unavailable(error)
    }
}

impl Database {
    /// A pool of at most `size` connections to the database at `url` (`postgres://user:password@host:port/name`).
    /// Connects lazily.
    pub fn new(url: &str, size: usize) -> Result<Database, DatabaseError> {
        let statements = Arc::new(AtomicU64::new(0));
        let counter = statements.clone();
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| {
            let counter = counter.clone();
            async move {
                let mut connection = AsyncPgConnection::establish(url).await?;
                connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                    if let InstrumentationEvent::StartQuery { query, .. } = event {
                        counter.fetch_add(1, Ordering::Relaxed);
                        // Background work is outside of any request.
                        let _ = OF_REQUEST.try_with(|count| count.set(count.get() + 1));
                        tracing::trace!(%query, "sql");
                    }
                });
                Ok(connection)
            }
            .boxed()
        });
        let manager =
            AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
        let pool = Pool::builder(manager)
            .max_size(size)
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .create_timeout(Some(WAIT_FOR_CONNECTION))
            .build()
            .map_err(|error| DatabaseError::Pool(error.to_string()))?;
        Ok(Database {
            pool,
            url: url.into(),
            statements,
        })
    }

    /// A connection from the pool.
    pub async fn get(&self) -> Result<Connection, DatabaseError> {
        self.pool
            .get()
            .await
            .map_err(|error| DatabaseError::Connection(error.to_string()))
    }

    /// A connection of the caller's own, beside the pool: for work that holds one while requests wait for it, or for as
    /// long as the process runs. Its statements are not counted.
    pub async fn connect(&self) -> Result<AsyncPgConnection, DatabaseError> {
        tokio::time::timeout(WAIT_FOR_CONNECTION, AsyncPgConnection::establish(&self.url))
            .await
            .map_err(|elapsed| DatabaseError::Connection(elapsed.to_string()))?
            .map_err(|error| DatabaseError::Connection(error.to_string()))
    }

    /// The address, with the password: for LISTEN connections and migrations, never for logs.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many SQL statements this pool's connections have sent, transaction statements included. Tests take
    /// the difference around an operation to prove that it does not grow with the length of a list.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

/// Answers a request and tells how many SQL statements it sent, transaction statements included. A request that this
/// one makes in turn, in the same process, is counted by itself.
pub(crate) async fn count_statements<T>(request: impl Future<Output = T>) -> (T, u64) {
    let counted = async {
        let answer = request.await;
        (answer, OF_REQUEST.with(Cell::get))
    };
    OF_REQUEST.scope(Cell::new(0), counted).await
}
