//! A key set behind a URL.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use jsonwebtoken::jwk::JwkSet;
use reqwest::Response;

use super::{KeySource, KeySourceError};
use crate::config::Jwks;
use crate::outgoing::{self, BodyError};

/// However many tokens arrive that the set says nothing of, it is not fetched again sooner than this.
const LEAST_PAUSE: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
const LARGEST_SET_BYTES: usize = 1024 * 1024;

/// Fetches a key set when it is first needed, and again when it is older than its interval or lacks a key. When
/// that fails or takes its time, the set that is there remains in use.
pub(crate) struct RemoteKeys {
    endpoint: Arc<Endpoint>,
    poll_interval: Duration,
    last_attempt: Mutex<Option<Attempt>>,
}

/// One fetch, for all who wait for it. It goes on when nobody does.
type Attempt = Shared<BoxFuture<'static, Ended>>;

/// How an attempt ended.
#[derive(Clone)]
struct Ended {
    at: Instant,
    result: Result<Arc<JwkSet>, KeySourceError>,
}

/// Where the set comes from, and the one that came last.
struct Endpoint {
    url: url::Url,
    client: reqwest::Client,
    current: ArcSwapOption<Fetched>,
}

struct Fetched {
    keys: Arc<JwkSet>,
    at: Instant,
}

impl RemoteKeys {
    pub fn new(config: &Jwks) -> Result<RemoteKeys, KeySourceError> {
        let client = outgoing::client(TIMEOUT).build();
        Ok(RemoteKeys {
            endpoint: Arc::new(Endpoint {
                url: config.url.0.clone(),
                client: client.map_err(|error| KeySourceError(outgoing::root_cause(&error)))?,
                current: ArcSwapOption::empty(),
            }),
            poll_interval: config.poll_interval.0,
            last_attempt: Mutex::new(None),
        })
    }

    /// The attempt under way, or the last one if it ended a moment ago, or a new one.
    fn attempt(&self) -> Attempt {
        let mut last = self
            .last_attempt
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(attempt) = &*last {
            let time_for_another = match attempt.clone().now_or_never() {
                None => false,
                Some(ended) => ended.at.elapsed() >= LEAST_PAUSE,
            };
            if !time_for_another {
                return attempt.clone();
            }
        }
        let endpoint = self.endpoint.clone();
        let task = tokio::spawn(async move { endpoint.renew().await });
        let attempt = task
            .map(|joined| {
                let result = joined.unwrap_or_else(|error| Err(KeySourceError(error.to_string())));
                let at = Instant::now();
                Ended { at, result }
            })
            .boxed()
            .shared();
        *last = Some(attempt.clone());
        attempt
    }
}

#[async_trait]
impl KeySource for RemoteKeys {
    async fn keys(&self) -> Result<Arc<JwkSet>, KeySourceError> {
        if let Some(keys) = self.endpoint.no_older_than(self.poll_interval) {
            return Ok(keys);
        }
        let attempt = self.attempt();
        // A set that is too old is better than to keep everybody who is logged in waiting for the issuer.
        match self.endpoint.current() {
            Some(keys) => Ok(keys),
            None => attempt.await.result,
        }
    }

    async fn refresh(&self) -> Result<Arc<JwkSet>, KeySourceError> {
        if let Some(keys) = self.endpoint.no_older_than(LEAST_PAUSE) {
            return Ok(keys);
        }
        let result = self.attempt().await.result;
        result.or_else(|error| self.endpoint.current().ok_or(error))
    }
}

impl Endpoint {
    fn current(&self) -> Option<Arc<JwkSet>> {
        let fetched = self.current.load();
        Some(fetched.as_ref()?.keys.clone())
    }

    fn no_older_than(&self, age: Duration) -> Option<Arc<JwkSet>> {
        let fetched = self.current.load();
        let fetched = fetched.as_ref()?;
        (fetched.at.elapsed() <= age).then(|| fetched.keys.clone())
    }

    async fn renew(&self) -> Result<Arc<JwkSet>, KeySourceError> {
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
                tracing::warn!(url = outgoing::shown(&self.url), %error, "could not fetch the key set");
                Err(error)
            }
        }
    }

    async fn fetch(&self) -> Result<JwkSet, KeySourceError> {
        let failed = |error: &(dyn Error + 'static)| KeySourceError(outgoing::root_cause(error));
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

    async fn download(&self) -> Result<Vec<u8>, BodyError> {
        let sent = self.client.get(self.url.clone()).send();
        let response = sent.await.and_then(Response::error_for_status);
        // The log has the URL beside the error.
        let response = response.map_err(reqwest::Error::without_url)?;
        outgoing::body(response, LARGEST_SET_BYTES).await
    }
}
