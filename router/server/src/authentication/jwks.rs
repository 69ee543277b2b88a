//! A key set behind a URL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::Mutex;

use super::{KeySource, KeySourceError};
use crate::config::Jwks;

/// However many tokens with unknown keys arrive, the set is not fetched again sooner than this.
const LEAST_PAUSE: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
const LARGEST_SET_BYTES: usize = 1024 * 1024;

/// Fetches a key set when it is first needed, and again when it is older than its interval or lacks a key. When
/// that fails, the set that is there remains in use.
pub(crate) struct RemoteKeys {
    url: url::Url,
    poll_interval: Duration,
    client: reqwest::Client,
    current: ArcSwapOption<Fetched>,
    /// When the last attempt was made. Held while fetching, so that one fetch serves all who wait.
    last_attempt: Mutex<Option<Instant>>,
}

struct Fetched {
    keys: Arc<JwkSet>,
    at: Instant,
}

impl RemoteKeys {
    pub fn new(config: &Jwks) -> Result<RemoteKeys, KeySourceError> {
        // reqwest wants a provider even for URLs without TLS. An error means that the program has chosen one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = reqwest::Client::builder().timeout(TIMEOUT).build();
        Ok(RemoteKeys {
            url: config.url.0.clone(),
            poll_interval: config.poll_interval.0,
            client: client.map_err(|error| KeySourceError(error.to_string()))?,
            current: ArcSwapOption::empty(),
            last_attempt: Mutex::new(None),
        })
    }

    /// The set, fetched again if it is older than `age`.
    async fn no_older_than(
        &self,
        age: Duration,
        least_pause: Duration,
    ) -> Result<Arc<JwkSet>, KeySourceError> {
        if let Some(keys) = self.fresh(age) {
            return Ok(keys);
        }
        let mut last_attempt = self.last_attempt.lock().await;
        // Somebody else may have fetched it while this request waited for the lock.
        if let Some(keys) = self.fresh(age) {
            return Ok(keys);
        }
        let current = self.current.load_full();
        let too_soon = last_attempt.is_some_and(|at| at.elapsed() < least_pause);
        if let (true, Some(current)) = (too_soon, &current) {
            return Ok(current.keys.clone());
        }
        *last_attempt = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                self.current.store(Some(Arc::new(Fetched {
                    keys: keys.clone(),
                    at: Instant::now(),
                })));
                Ok(keys)
            }
            Err(error) => {
                tracing::warn!(url = %self.url, %error, "could not fetch the key set");
                current.map(|fetched| fetched.keys.clone()).ok_or(error)
            }
        }
    }

    fn fresh(&self, age: Duration) -> Option<Arc<JwkSet>> {
        let fetched = self.current.load();
        let fetched = fetched.as_ref()?;
        (fetched.at.elapsed() <= age).then(|| fetched.keys.clone())
    }

    async fn fetch(&self) -> Result<JwkSet, KeySourceError> {
        let failed = |error: &dyn std::fmt::Display| KeySourceError(error.to_string());
        let body = if self.url.scheme() == "file" {
            let path = self
                .url
                .to_file_path()
                .map_err(|()| KeySourceError("not the path of a file".to_owned()))?;
            tokio::fs::read(path)
                .await
                .map_err(|error| failed(&error))?
        } else {
            self.download().await.map_err(|error| failed(&error))?
        };
        serde_json::from_slice(&body).map_err(|error| failed(&error))
    }

    async fn download(&self) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let mut response = self
            .client
            .get(self.url.clone())
            .send()
            .await?
            .error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_SET_BYTES {
                return Err(format!("the key set is longer than {LARGEST_SET_BYTES} bytes").into());
            }
        }
        Ok(body)
    }
}

#[async_trait]
impl KeySource for RemoteKeys {
    async fn keys(&self) -> Result<Arc<JwkSet>, KeySourceError> {
        self.no_older_than(self.poll_interval, LEAST_PAUSE).await
    }

    async fn refresh(&self) -> Result<Arc<JwkSet>, KeySourceError> {
        self.no_older_than(LEAST_PAUSE, LEAST_PAUSE).await
    }
}
