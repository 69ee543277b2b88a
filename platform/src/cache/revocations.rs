//! Sessions that were ended before their access tokens expire.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::{Cache, CacheError};

/// Revoked sessions. The user subgraph adds them, the router asks for them; an entry lives as long as an access
/// token can.
#[derive(Clone)]
pub struct Revocations {
    cache: Arc<dyn Cache>,
    access_token_lifetime: Duration,
}

impl Revocations {
    /// Revocations kept in `cache` for as long as an access token lives.
    pub fn new(cache: Arc<dyn Cache>, access_token_lifetime: Duration) -> Revocations {
        Revocations {
            cache,
            access_token_lifetime,
        }
    }

    /// Ends a session: its access tokens are refused from now on.
    pub async fn revoke(&self, session: Uuid) -> Result<(), CacheError> {
        self.cache
            .set(&key(session), b"1", self.access_token_lifetime)
            .await
    }

    /// True if the session was ended.
    pub async fn is_revoked(&self, session: Uuid) -> Result<bool, CacheError> {
        Ok(self.cache.get(&key(session)).await?.is_some())
    }
}

fn key(session: Uuid) -> String {
    format!("revoked:session:{session}")
}
