//! The cache in Redis, shared by all instances.

use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Script};

use super::{Cache, CacheError};

/// How long one command may take: a cache that is slower than this is worse than none.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// A cache in Redis. Reconnects by itself.
#[derive(Clone)]
pub struct RedisCache {
    connection: ConnectionManager,
}

impl RedisCache {
    /// Connects to `redis://host:port/db`.
    pub async fn connect(url: &str) -> Result<RedisCache, CacheError> {
        let client = redis::Client::open(url).map_err(failed)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_connection_timeout(Some(ANSWER_WITHIN))
            .set_number_of_retries(3);
        let connection = ConnectionManager::new_with_config(client, config)
            .await
            .map_err(failed)?;
        Ok(RedisCache { connection })
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that map_err wants"
)]
fn failed(error: redis::RedisError) -> CacheError {
    CacheError(error.to_string())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError> {
        self.connection.clone().get(key).await.map_err(failed)
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheError> {
        self.connection
            .clone()
            .pset_ex(key, value, millis(ttl))
            .await
            .map_err(failed)
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.connection.clone().del(key).await.map_err(failed)
    }

    async fn increment(&self, key: &str, window: Duration) -> Result<u64, CacheError> {
        // One script, so that a counter never outlives its window because a process died between two commands.
        let script = Script::new(
            "local n = redis.call('INCR', KEYS[1]) \
             if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end \
             return n",
        );
        script
            .key(key)
            .arg(millis(window))
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(failed)
    }

    async fn decrement(&self, key: &str) -> Result<(), CacheError> {
        // One script, so that a counter that vanishes meanwhile does not come back without an end.
        let script = Script::new(
            "local n = tonumber(redis.call('GET', KEYS[1]) or '0') \
             if n > 0 then redis.call('DECR', KEYS[1]) end",
        );
        script
            .key(key)
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(failed)
    }
}
