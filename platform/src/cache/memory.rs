//! The cache in process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use moka::Expiry;
use moka::future::Cache as Moka;
use moka::policy::EvictionPolicy;

use super::{Cache, CacheError};

/// The most bytes that values may take before the least used go.
const CAPACITY: u64 = 64 * 1024 * 1024;

/// A cache for a single process. It is empty after a restart.
#[derive(Clone)]
pub struct MemoryCache {
    entries: Moka<String, Entry>,
}

#[derive(Clone)]
struct Entry {
    value: Value,
    ttl: Duration,
}

#[derive(Clone)]
enum Value {
    Bytes(Arc<[u8]>),
    Counter(Arc<AtomicU64>),
}

struct ByTtl;

impl Expiry<String, Entry> for ByTtl {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        let weigh = |key: &String, entry: &Entry| {
            let value = match &entry.value {
                Value::Bytes(bytes) => bytes.len(),
                Value::Counter(_) => 8,
            };
            u32::try_from(key.len() + value + 64).unwrap_or(u32::MAX)
        };
        // Least recently used: the default policy may turn a new entry away when the cache is full, and a revocation
        // must never be turned away.
        let policy = EvictionPolicy::lru();
        let entries = Moka::builder()
            .max_capacity(CAPACITY)
            .eviction_policy(policy)
            .weigher(weigh)
            .expire_after(ByTtl)
            .build();
        MemoryCache { entries }
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError> {
        Ok(self.entries.get(key).await.map(|entry| match entry.value {
            Value::Bytes(bytes) => bytes.to_vec(),
            Value::Counter(count) => count.load(Ordering::Relaxed).to_string().into_bytes(),
        }))
    }

    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheError> {
        self.entries
            .insert(
                key.to_owned(),
                Entry {
                    value: Value::Bytes(value.into()),
                    ttl,
                },
            )
            .await;
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.entries.invalidate(key).await;
        Ok(())
    }

    async fn increment(&self, key: &str, window: Duration) -> Result<u64, CacheError> {
        // moka lets one caller make the entry; everybody then counts on the same atomic.
        let entry = self
            .entries
            .get_with_by_ref(key, async {
                Entry {
                    value: Value::Counter(Arc::default()),
                    ttl: window,
                }
            })
            .await;
        match entry.value {
            Value::Counter(count) => Ok(count.fetch_add(1, Ordering::Relaxed) + 1),
            Value::Bytes(_) => Err(not_a_counter(key)),
        }
    }

    async fn decrement(&self, key: &str) -> Result<(), CacheError> {
        match self.entries.get(key).await.map(|entry| entry.value) {
            Some(Value::Counter(count)) => {
                let less = |count: u64| count.checked_sub(1);
                // An error is a counter at zero.
                let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
                Ok(())
            }
            Some(Value::Bytes(_)) => Err(not_a_counter(key)),
            None => Ok(()),
        }
    }
}

fn not_a_counter(key: &str) -> CacheError {
    CacheError(format!("{key} holds a value, not a counter"))
}
