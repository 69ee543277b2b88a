//! The cache: short-lived values, counters and revocations. In process (moka) or Redis, behind one trait.

mod memory;
mod redis;
mod revocations;

use std::time::Duration;

use async_trait::async_trait;

pub use self::memory::MemoryCache;
pub use self::redis::RedisCache;
pub use self::revocations::Revocations;

/// The cache does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the cache does not answer: {0}")]
pub struct CacheError(pub String);

/// Values by key with a time to live. Keys are namespaced by their users: `revoked:session:{id}`.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value, unless it expired.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError>;
    /// Stores the value for `ttl`.
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheError>;
    /// Removes the value.
    async fn delete(&self, key: &str) -> Result<(), CacheError>;
    /// Adds one to a counter, atomically across instances, and returns it. The counter vanishes `window` after its
    /// first increment: a fixed window for rate limits.
    async fn increment(&self, key: &str, window: Duration) -> Result<u64, CacheError>;
    /// Takes one back from a counter, which keeps its window. A counter that vanished, or is at zero, stays so.
    async fn decrement(&self, key: &str) -> Result<(), CacheError>;
}
